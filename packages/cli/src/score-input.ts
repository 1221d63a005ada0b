// What `score` was asked to score, as token ids with their places: texts, files, ids or a chat.

import {
  type BoundarySplit,
  boundarySplit,
  type Origin,
  type TokenId,
  UsageError,
} from "@tokenscope/core";
import { type ChatFile, renderChat } from "./chat-file.ts";
import type { TextOptions } from "./model-options.ts";
import { startTokenOf } from "./model-options.ts";
import type { TextModel } from "./open-model.ts";
import { checkIds } from "./prompt.ts";
import { noteLineBreak, readTextFile } from "./read-text.ts";
import { parseTextRows, type TextRow } from "./text-rows.ts";
import type { World } from "./world.ts";

export interface ScoreInput extends TextOptions {
  readonly text?: string;
  readonly ids?: readonly TokenId[];
  readonly chat?: string;
  readonly lines?: boolean;
  readonly context?: string;
}

/** A text to score, with where it stands among many, for what is said of it. */
export interface PlacedText extends TextRow {
  readonly place: string | null;
}

/** Token ids to score; those before `split.firstIndex` are context and not counted. */
export interface ScoreTask {
  readonly ids: readonly TokenId[];
  readonly startTokenId: TokenId | null;
  readonly origins?: readonly Origin[];
  readonly context: { readonly text: string; readonly split: BoundarySplit } | null;
  readonly columns: Readonly<Record<string, unknown>>;
  readonly place: string | null; // as its text's
}

const utf8 = new TextEncoder();
const NO_FILE_REMEDY = 'check the path, or score a text itself with score --text "..."';

/** Checks that one kind of input was named, before the model is loaded. */
export function checkScoreInput(files: readonly string[], input: ScoreInput): void {
  const given = [
    ...(files.length > 0 ? ["a file"] : []),
    ...(input.text === undefined ? [] : ["--text"]),
    ...(input.ids === undefined ? [] : ["--ids"]),
    ...(input.chat === undefined ? [] : ["--chat"]),
  ];
  if (given.length !== 1) {
    const found =
      given.length === 0
        ? "nothing to score was given"
        : `${given.join(" and ")} cannot go together`;
    throw new UsageError(
      `${found}; give files, "-" for standard input, --text TEXT, --ids IDS or --chat FILE`,
    );
  }
  const isText = input.ids === undefined && input.chat === undefined;
  if (input.context !== undefined && !isText) {
    throw new UsageError("--context joins a text and goes with no --ids or --chat; leave it out");
  }
  if (input.lines && files.length === 0) {
    throw new UsageError('--lines reads files; give some, or "-" for standard input');
  }
}

/** The texts of --text and of all files, read before anything is scored, so that a fault of the last file costs no half result. */
export async function readTexts(
  files: readonly string[],
  input: ScoreInput,
  world: World,
): Promise<readonly PlacedText[]> {
  const texts: PlacedText[] = [];
  if (input.text !== undefined) {
    checkNotEmpty(input.text, "--text");
    texts.push({ text: input.text, context: null, columns: {}, place: null });
  }
  for (const path of files) {
    const name = path === "-" ? "standard input" : path;
    const content = await readTextFile(path, world, NO_FILE_REMEDY);
    checkNotEmpty(content, name);
    const rows = parseTextRows(content, path, { isByLine: input.lines ?? false });
    const isWhole = rows.length === 1 && rows[0]?.text === content;
    if (isWhole) await noteLineBreak(content, "scored", world);
    for (const [i, row] of rows.entries()) {
      const only = files.length === 1 ? null : name;
      texts.push({ ...row, place: rows.length === 1 ? only : `${name}, text ${i + 1}` });
    }
  }
  return texts;
}

/** What the model's tokenizer and template can refuse before its weights are read; throws UsageError. */
export function checkWithTokenizer(
  chat: ChatFile | null,
  input: ScoreInput,
  model: TextModel,
): void {
  startTokenOf(input.startToken, model);
  checkIds(input.ids ?? [], model.tokenizer.vocabulary);
  if (chat !== null) chatTask(chat, input, model);
}

/** The tasks, one at a time. */
export async function* scoreTasks(
  { texts, chat }: { readonly texts: readonly PlacedText[]; readonly chat: ChatFile | null },
  input: ScoreInput,
  model: TextModel,
): AsyncGenerator<ScoreTask, void, void> {
  if (input.ids !== undefined) {
    const startTokenId = writtenStart(input, model);
    yield { ids: input.ids, startTokenId, context: null, columns: {}, place: null };
  } else if (chat !== null) {
    yield chatTask(chat, input, model);
  }
  for (const text of texts) {
    yield await placed(text.place, async () => textTask(text, input, model));
  }
}

/** Runs `work` and names the place in what it refuses: of a thousand texts, which one? */
export async function placed<T>(place: string | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (place === null || !(error instanceof UsageError)) throw error;
    throw new UsageError(`${place}: ${error.message}`, { cause: error });
  }
}

/** What stands before a text: its own column or --context; throws UsageError where there are both. */
export function contextOf(
  row: Pick<TextRow, "context">,
  input: Pick<ScoreInput, "context">,
): string | null {
  if (row.context !== null && input.context !== undefined) {
    throw new UsageError(
      "the file has a column context, so --context cannot be given too; leave one of them out",
    );
  }
  return row.context ?? input.context ?? null;
}

/** A text with its context as tokens of one string. */
export function textTask(row: PlacedText, input: ScoreInput, model: TextModel): ScoreTask {
  const before = contextOf(row, input);
  const options = { parseSpecial: input.parseSpecial ?? false };
  const ids = model.tokenizer.encode((before ?? "") + row.text, options);
  const startTokenId = startTokenOf(input.startToken, model);
  const { columns, place } = row;
  if (before === null) return { ids, startTokenId, context: null, columns, place };
  const pieces = ids.map((id) => model.tokenizer.vocabulary.bytes(id));
  const split = boundarySplit(pieces, utf8.encode(before).length);
  return { ids, startTokenId, context: { text: before, split }, columns, place };
}

function chatTask(chat: ChatFile, input: ScoreInput, model: TextModel): ScoreTask {
  const tokens = renderChat(chat, model, { addGenerationPrompt: false });
  return {
    ids: tokens.map(({ id }) => id),
    startTokenId: writtenStart(input, model),
    origins: tokens.map(({ part, message }) =>
      part === "content" && message !== null ? "typed" : "template",
    ),
    context: null,
    columns: {},
    place: null,
  };
}

/** Ids and chats are complete as they are: nothing stands before them unless an id was named. */
function writtenStart({ startToken }: ScoreInput, model: TextModel): TokenId | null {
  return startToken === "auto" ? null : startTokenOf(startToken, model);
}

/** Throws UsageError for an empty text, in one sentence wherever it comes from. */
export function checkNotEmpty(text: string, name: string): void {
  if (text !== "") return;
  throw new UsageError(`${name} is empty, and a score needs at least 1 token; give a text`);
}
