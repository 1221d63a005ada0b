// tokenscope score: bits of every token of a text.

import { scoreIds } from "@tokenscope/core";
import { type Command, Option } from "commander";
import { addTextOptions, withModel } from "../model-options.ts";
import type { OpenModel } from "../open-model.ts";
import { parseIds, parseWhole } from "../option-values.ts";
import {
  checkScoreInput,
  placed,
  type ScoreInput,
  type ScoreTask,
  scoreTasks,
} from "../score-input.ts";
import {
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
    .option("--chat <file>", "score a conversation in the model's chat template")
    .option("--lines", "each line of a file is a text of its own")
    .option("--context <text>", "what stands before the text; only the text is summed")
    .option("--words", "one row a word: a leading space belongs to the word")
    .option("--top <number>", "how many of the most likely tokens to list", parseWhole("--top", 0))
    .addOption(new Option("--csv", "print CSV, one row a token (or word)").conflicts("json"))
    .option("--json", "print JSON, one object a text");
  addTextOptions(command).action(async (files: readonly string[], options: ScoreOptions) => {
    checkScoreInput(files, options);
    checkTop(options.top);
    await withModel(options, world, (model) => runScore(files, options, { model, world }));
  });
}

interface Run {
  readonly model: OpenModel;
  readonly world: World;
}

async function runScore(
  files: readonly string[],
  options: ScoreOptions,
  { model, world }: Run,
): Promise<void> {
  const { json, csv, words: byWord = false } = options;
  const output: OutputOptions = { model, byWord, top: options.top ?? (json ? DEFAULT_TOP : 0) };
  const isSingle =
    files.length === 0 ||
    (files.length === 1 && !options.lines && !/\.(csv|jsonl|ndjson)$/i.test(files[0] ?? ""));
  let index = 0;
  for await (const task of scoreTasks(files, options, { model, world })) {
    const text = await placed(task.place, () => scoreTask(task, { model, world }));
    const scored = { task, index, text };
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

/** Scores a task and keeps the rows that count. */
async function scoreTask(task: ScoreTask, { model, world }: Run): Promise<Scored["text"]> {
  const { ids, startTokenId, context } = task;
  world.signal.throwIfAborted();
  if (ids.length === 0) return { startTokenId, rows: [] };
  const scored = await scoreIds(model.engine, ids, { startTokenId, signal: world.signal });
  if (context === null) return scored;
  const { firstIndex, straddlingIndex } = context.split;
  const straddling = straddlingIndex === null ? undefined : ids[straddlingIndex];
  if (straddling !== undefined) {
    const piece = model.tokenizer.vocabulary.bytes(straddling);
    await note(
      world,
      `token ${straddlingIndex} ${JSON.stringify(new TextDecoder().decode(piece))} begins in the context and ends in the text; it is not counted`,
    );
  }
  return { ...scored, rows: scored.rows.slice(firstIndex) };
}
