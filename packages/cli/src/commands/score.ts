// tokenscope score: bits of every token of a text.

import { scoreIds, UsageError } from "@tokenscope/core";
import { type Command, Option } from "commander";
import { type ChatFile, readChatFile } from "../chat-file.ts";
import { addChatOption, addTextOptions, withModel } from "../model-options.ts";
import type { OpenModel } from "../open-model.ts";
import { parseIds, parseWhole } from "../option-values.ts";
import {
  checkScoreInput,
  checkWithTokenizer,
  type PlacedText,
  placed,
  readTexts,
  type ScoreInput,
  type ScoreTask,
  scoreTasks,
} from "../score-input.ts";
import {
  checkCsvColumns,
  type OutputOptions,
  type Scored,
  scoreCsv,
  scoreLineJson,
  scoreLines,
  scoreSummaryLine,
} from "../score-output.ts";
import { note, type World, writeLine } from "../world.ts";
import { checkTop, DEFAULT_TOP } from "./next.ts";

interface ScoreOptions extends ScoreInput {
  readonly words?: boolean;
  readonly stride?: number;
  readonly top?: number;
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** Adds the command `score`. */
export function addScore(program: Command, world: World): void {
  const command = program
    .command("score [files...]")
    .description("bits of every token of a text; - reads standard input")
    .option("--text <text>", "score this text")
    .option("--ids <ids>", "score these token ids, such as 504,2988", parseIds)
    .option("--lines", "each line of a file is a text of its own")
    .option("--context <text>", "what stands before the text; only the text is summed")
    .option(
      "--stride <number>",
      "a text longer than the context: in windows so many tokens apart, each token scored once",
      parseWhole("--stride", 1),
    )
    .option("--words", "one row a word: a leading space belongs to the word")
    .option("--top <number>", "how many of the most likely tokens to list", parseWhole("--top", 0))
    .addOption(new Option("--csv", "print CSV, one row a token (or word)").conflicts("json"))
    .option("--json", "print JSON, one object a text");
  addChatOption(command, "score a conversation in the model's chat template");
  addTextOptions(command).action(async (files: readonly string[], options: ScoreOptions) => {
    checkScoreInput(files, options);
    checkTop(options.top);
    const texts = await readTexts(files, options, world);
    if (options.csv) checkCsvColumns(texts, options.words ?? false);
    const chat = await readChatFile(options.chat, world);
    await withModel(
      options,
      world,
      (model) => runScore({ files, texts, chat }, options, { model, world }),
      (model) => checkWithTokenizer(chat, options, model),
    );
  });
}

interface Given {
  readonly files: readonly string[];
  readonly texts: readonly PlacedText[];
  readonly chat: ChatFile | null;
}

interface Run {
  readonly model: OpenModel;
  readonly world: World;
}

interface TaskRun extends Run {
  readonly stride: number | undefined;
}

async function runScore(
  { files, texts, chat }: Given,
  options: ScoreOptions,
  { model, world }: Run,
): Promise<void> {
  const { json, csv, words: byWord = false } = options;
  const top = options.top ?? (json ? DEFAULT_TOP : 0);
  const columnNames = Object.keys(texts[0]?.columns ?? {});
  const { columns } = world.stdout;
  const output: OutputOptions = { model, byWord, top, columnNames, columns };
  const isSingle =
    files.length === 0 ||
    (files.length === 1 && !options.lines && !/\.(csv|jsonl|ndjson)$/i.test(files[0] ?? ""));
  let index = 0;
  for await (const task of scoreTasks({ texts, chat }, options, model)) {
    const scored = {
      task,
      index,
      ...(await placed(task.place, () =>
        scoreTask(task, { model, world, stride: options.stride }),
      )),
    };
    index += 1;
    if (json) await writeLine(world.stdout, JSON.stringify(scoreLineJson(scored, output)));
    else if (csv) await world.stdout.write(scoreCsv(scored, output));
    else if (isSingle || byWord || output.top > 0) await writeTable(scored, output, world);
    else await writeLine(world.stdout, scoreSummaryLine(scored, output));
  }
}

async function writeTable(scored: Scored, output: OutputOptions, world: World): Promise<void> {
  if (scored.index > 0) await writeLine(world.stdout, "");
  for (const line of scoreLines(scored, output)) await writeLine(world.stdout, line);
}

/** Scores a task and says which of its tokens is not counted. */
async function scoreTask(
  task: ScoreTask,
  { model, world, stride }: TaskRun,
): Promise<Pick<Scored, "text" | "joinedRows">> {
  const { ids, startTokenId, context } = task;
  world.signal.throwIfAborted();
  if (ids.length === 0) return { text: { startTokenId, rows: [] }, joinedRows: [] };
  if (stride === undefined) checkLength(task, model);
  const options = { startTokenId, signal: world.signal, ...(stride !== undefined && { stride }) };
  const scored = await scoreIds(model.engine, ids, options);
  if (context === null) return { text: scored, joinedRows: scored.rows };
  await noteStraddling(task, { model, world });
  const rows = scored.rows.slice(context.split.firstIndex);
  return { text: { ...scored, rows }, joinedRows: scored.rows };
}

function checkLength({ ids, startTokenId }: ScoreTask, { engine }: OpenModel): void {
  const room = engine.contextLength - (startTokenId === null ? 0 : 1);
  if (ids.length <= room) return;
  throw new UsageError(
    `the text has ${ids.length} tokens and the model's context holds ${room}; shorten it, or read it in windows, such as with --stride ${Math.ceil(room / 2)}`,
  );
}

async function noteStraddling(
  { ids, context, place }: ScoreTask,
  { model, world }: Run,
): Promise<void> {
  const { straddlingIndex = null, firstIndex = 0 } = context?.split ?? {};
  const id = straddlingIndex === null ? undefined : ids[straddlingIndex];
  if (id === undefined) return;
  const piece = new TextDecoder().decode(model.tokenizer.vocabulary.bytes(id));
  const text = place === null ? "" : `${place}: `;
  const nothing = firstIndex === ids.length ? ", and nothing of the text is left to count" : "";
  await note(
    world,
    `${text}token ${straddlingIndex} ${JSON.stringify(piece)} begins in the context and ends in the text; it is not counted${nothing}`,
  );
}
