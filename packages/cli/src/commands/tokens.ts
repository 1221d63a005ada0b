// tokenscope tokens: pieces, ids and bytes of a text.

import { bytesHex, formatCount, type TokensJson, tokenId, tokensJson } from "@tokenscope/core";
import type { Command } from "commander";
import { addModelOption } from "../model-options.ts";
import type { TextModel } from "../open-model.ts";
import { readTextArgument } from "../read-text.ts";
import { glyphs, tableLines } from "../table.ts";
import { type World, writeLine } from "../world.ts";

interface TokensOptions {
  readonly model: string;
  readonly parseSpecial?: boolean;
  readonly json?: boolean;
}

/** Adds the command `tokens`. */
export function addTokens(program: Command, world: World): void {
  const command = program
    .command("tokens [text]")
    .description("pieces, ids and bytes of a text; - reads standard input")
    .option("--parse-special", "read written special tokens such as <|im_start|> as the token")
    .option("--json", "print JSON");
  addModelOption(command).action(async (argument: string | undefined, options: TokensOptions) => {
    const text = await readTextArgument(argument, world);
    const model = await world.openTextModel(options.model, world);
    const { tokenizer } = model;
    const ids = tokenizer.encode(text, { parseSpecial: options.parseSpecial ?? false });
    const json = tokensJson({ tokenizer: model.id, vocabulary: tokenizer.vocabulary, ids });
    if (options.json) await writeLine(world.stdout, JSON.stringify([json]));
    else for (const line of tokenLines(json, model)) await writeLine(world.stdout, line);
  });
}

function tokenLines({ tokens, summary }: TokensJson, { tokenizer }: TextModel): readonly string[] {
  const rows = tokens.map(({ index, id }) => {
    const bytes = tokenizer.vocabulary.bytes(tokenId(id));
    return [String(index), String(id), glyphs(bytes), bytesHex(bytes)];
  });
  const { charactersPerToken, bytesPerToken } = summary;
  const rate = (value: number | null): string => (value === null ? "n/a" : value.toFixed(2));
  return [
    ...tableLines(
      [
        { heading: "index", isNumber: true },
        { heading: "id", isNumber: true },
        { heading: "token" },
        { heading: "bytes" },
      ],
      rows,
    ),
    "",
    `${formatCount(summary.tokens)} tokens, ${formatCount(summary.characters)} characters (${rate(charactersPerToken)} a token), ${formatCount(summary.bytes)} bytes (${rate(bytesPerToken)} a token)`,
  ];
}
