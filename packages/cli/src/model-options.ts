// The options that every command with a model has, and what they mean.

import { type TokenId, UsageError } from "@tokenscope/core";
import { DEFAULT_MODEL_ID } from "@tokenscope/models";
import { type Command, Option } from "commander";
import { CHAT_FILE_HELP } from "./chat-file.ts";
import type { OpenModel, PrecisionChoice, TextModel } from "./open-model.ts";
import { parseStartToken, parseWhole, type StartToken } from "./option-values.ts";
import type { World } from "./world.ts";

export interface ModelOptions {
  readonly model: string;
  readonly precision: PrecisionChoice;
  readonly threads?: number;
  readonly weightBits?: number;
}

export interface TextOptions extends ModelOptions {
  readonly startToken: StartToken;
  readonly parseSpecial?: boolean;
}

/** Adds --model. */
export function addModelOption(command: Command): Command {
  return command.option("--model <model>", "model id, GGUF file or address", DEFAULT_MODEL_ID);
}

/** Adds --model, --precision and --threads. */
export function addEngineOptions(command: Command): Command {
  return addComputeOptions(addModelOption(command));
}

/** Adds --precision and --threads. */
export function addComputeOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--precision <precision>",
        "exact: fp32; compact: weights of at most 8 bits, inputs of 16, within 0.01 bits of exact for a quantised file and quicker a token; auto: exact while the fp32 weights take at most a quarter of this machine's memory, else compact",
      )
        .choices(["auto", "exact", "compact"])
        .default("auto"),
    )
    .option(
      "--threads <number>",
      "threads of the computation; the numbers are the same for any",
      parseWhole("--threads", 1),
    );
}

/** Adds the engine's options and those that say how a text becomes tokens. */
export function addTextOptions(command: Command): Command {
  return addEngineOptions(command)
    .option(
      "--start-token <token>",
      "what stands before a text: auto (as the file says), none, or a token id",
      parseStartToken,
      "auto",
    )
    .option("--parse-special", "read written special tokens such as <|im_start|> as the token");
}

/** The token that stands before a text, or null; throws UsageError for an id outside the vocabulary. */
export function startTokenOf(
  startToken: StartToken,
  { tokenizer }: Pick<TextModel, "tokenizer">,
): TokenId | null {
  if (startToken === "none") return null;
  if (startToken === "auto") return tokenizer.startTokenId;
  const { size } = tokenizer.vocabulary;
  if (startToken < size) return startToken;
  throw new UsageError(
    `--start-token ${startToken} is not in this model's vocabulary of ${size}; give an id from 0 to ${size - 1}`,
  );
}

/** Adds --chat, and its file's shape to the help. */
export function addChatOption(command: Command, description: string): Command {
  return command.option("--chat <file>", description).addHelpText("after", CHAT_FILE_HELP);
}

/** Opens the model for `use` and closes it afterwards; `check` throws what the file's header and tokenizer tell before the weights are read. */
export async function withModel<T>(
  { model: name, precision, threads, weightBits }: ModelOptions,
  world: World,
  use: (model: OpenModel) => Promise<T>,
  check: (text: TextModel) => void = () => {},
): Promise<T> {
  const given = {
    ...(threads !== undefined && { threads }),
    ...(weightBits !== undefined && { weightBits }),
  };
  const wanted = { model: name, precision, ...given, check };
  const model = await world.openModel(wanted, world);
  try {
    world.signal.throwIfAborted(); // loading itself cannot be interrupted
    return await use(model);
  } finally {
    await model.engine.close();
  }
}
