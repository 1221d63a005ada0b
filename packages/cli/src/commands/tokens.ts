// tokenscope tokens: pieces, ids and bytes of a text, in one tokenizer or in several side by side.

import { basename } from "node:path";
import {
  bytesHex,
  countOf,
  formatCount,
  type Tokenizer,
  type TokensJson,
  tokenId,
  tokensJson,
} from "@tokenscope/core";
import { loadTokenizerJson } from "@tokenscope/tokenizers";
import type { Command } from "commander";
import { addModelOption } from "../model-options.ts";
import { inFile } from "../open-model.ts";
import { collect } from "../option-values.ts";
import { readTextArgument, readTextFile } from "../read-text.ts";
import { glyphs, tableLines } from "../table.ts";
import { type World, widestLine, writeLine } from "../world.ts";

interface TokensOptions {
  readonly model: string;
  readonly tokenizer?: readonly string[];
  readonly parseSpecial?: boolean;
  readonly json?: boolean;
}

/** A text in one tokenizer. */
interface Tokenized {
  readonly json: TokensJson;
  readonly tokenizer: Tokenizer;
}

/** Adds the command `tokens`. */
export function addTokens(program: Command, world: World): void {
  const command = program
    .command("tokens [text]")
    .description("pieces, ids and bytes of a text; - reads standard input")
    .option(
      "--tokenizer <tokenizer>",
      "a model id, GGUF file, address, or a tokenizer.json; repeat to compare several",
      collect,
    )
    .option("--parse-special", "read written special tokens such as <|im_start|> as the token")
    .option("--json", "print JSON");
  addModelOption(command).action(async (argument: string | undefined, options: TokensOptions) => {
    const text = await readTextArgument(argument, world);
    const { tokenizer: names = [options.model], parseSpecial = false } = options;
    const all: Tokenized[] = [];
    for (const name of names) {
      const { id, tokenizer } = await openTokenizer(name, world);
      const ids = tokenizer.encode(text, { parseSpecial });
      const { vocabulary } = tokenizer;
      all.push({ tokenizer, json: tokensJson({ tokenizer: id, vocabulary, ids }) });
    }
    const lines = options.json
      ? [JSON.stringify(all.map(({ json }) => json))]
      : linesOf(all, world);
    for (const line of lines) await writeLine(world.stdout, line);
  });
}

async function openTokenizer(
  name: string,
  world: World,
): Promise<{ readonly id: string; readonly tokenizer: Tokenizer }> {
  if (!/\.json$/i.test(name)) return world.openTextModel(name, world);
  const id = basename(name).replace(/\.json$/i, "");
  const json = await readTextFile(name, world);
  try {
    return { id, tokenizer: loadTokenizerJson({ name: id, json }) };
  } catch (error) {
    throw inFile(name, error);
  }
}

function linesOf(all: readonly Tokenized[], world: World): readonly string[] {
  const [only, ...more] = all;
  if (only !== undefined && more.length === 0) return tokenLines(only);
  return comparisonLines(all, world);
}

function tokenLines({ json: { tokens, summary }, tokenizer }: Tokenized): readonly string[] {
  const rows = tokens.map(({ index, id, special }) => {
    const bytes = tokenizer.vocabulary.bytes(tokenId(id));
    return [
      String(index),
      String(id),
      glyphs(bytes),
      special ? "special, 0 bytes" : bytesHex(bytes), // what it is written as is no text
    ];
  });
  const specials = tokens.filter(({ special }) => special).length;
  const ofThem = specials === 0 ? "" : `, ${formatCount(specials)} of them special and of 0 bytes`;
  const { charactersPerToken, bytesPerToken } = summary;
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
    `${countOf(summary.tokens, "token")}${ofThem}, ${countOf(summary.characters, "character")} (${rate(charactersPerToken)} a token), ${countOf(summary.bytes, "byte")} (${rate(bytesPerToken)} a token)`,
  ];
}

/** A line a tokenizer with its figures, and one with its pieces. */
function comparisonLines(all: readonly Tokenized[], { stdout }: World): readonly string[] {
  const table = tableLines(
    [
      { heading: "tokenizer" },
      { heading: "tokens", isNumber: true },
      { heading: "characters a token", isNumber: true },
      { heading: "bytes a token", isNumber: true },
    ],
    all.map(({ json: { tokenizer, summary } }) => [
      tokenizer,
      formatCount(summary.tokens),
      rate(summary.charactersPerToken),
      rate(summary.bytesPerToken),
    ]),
  );
  const pieces = tableLines(
    [{ heading: "tokenizer" }, { heading: "pieces" }],
    all.map(({ json, tokenizer }) => [
      json.tokenizer,
      json.tokens.map(({ id }) => glyphs(tokenizer.vocabulary.bytes(tokenId(id)))).join("|"),
    ]),
    widestLine(stdout),
  );
  return [...table, "", ...pieces];
}

function rate(value: number | null): string {
  return value === null ? "n/a" : value.toFixed(2);
}
