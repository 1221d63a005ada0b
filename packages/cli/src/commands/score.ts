// tokenscope score: bits of every token of a text, by the engine here or by a server.

import { UsageError } from "@tokenscope/core";
import { noScoring, type RemoteModel, remoteIdentity } from "@tokenscope/remote";
import { type Command, Option } from "commander";
import { readChatFile } from "../chat-file.ts";
import { scoreCorpus } from "../corpus/score-corpus.ts";
import { addChatOption, addTextOptions, withModel } from "../model-options.ts";
import { parseIds, parseWhole } from "../option-values.ts";
import {
  addEngineChoice,
  chosenRemoteModel,
  remoteCandidateGlyphs,
} from "../remote/remote-options.ts";
import { scoreOnServer, scoreRow } from "../remote/score.ts";
import { checkScoreInput, checkWithTokenizer, readTexts, type ScoreInput } from "../score-input.ts";
import { candidateGlyphs, scoreHere, scoreRowHere } from "../score-locally.ts";
import { checkCsvColumns } from "../score-output.ts";
import { scorePrinter } from "../score-printer.ts";
import type { World } from "../world.ts";
import { checkTop, DEFAULT_TOP } from "./next.ts";

const DEFAULT_CONCURRENCY = 8;

interface ScoreOptions extends ScoreInput {
  readonly words?: boolean;
  readonly stride?: number;
  readonly top?: number;
  readonly csv?: boolean;
  readonly json?: boolean;
  readonly jsonl?: string;
  readonly out?: string;
  readonly concurrency?: number;
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
    .option("--json", "print JSON, one object a text")
    .option(
      "--jsonl <file>",
      'a corpus: a JSON object with "text" a line, read as it goes; results go to --out, and a run that was stopped goes on there',
    )
    .option("--out <file>", "where the results of --jsonl go, a JSON object a line")
    .option(
      "--concurrency <number>",
      `texts that a server scores at once (default: ${DEFAULT_CONCURRENCY})`,
      parseWhole("--concurrency", 1),
    );
  addChatOption(command, "score a conversation in the model's chat template");
  addEngineChoice(addTextOptions(command)).action(
    (files: readonly string[], options: ScoreOptions, typed: Command) => {
      const run = { typed, world };
      return options.jsonl === undefined
        ? scoreTexts(files, options, run)
        : scoreFile(files, { ...options, jsonl: options.jsonl }, run);
    },
  );
}

interface Run {
  readonly typed: Command; // knows which options were given
  readonly world: World;
}

async function scoreTexts(
  files: readonly string[],
  options: ScoreOptions,
  { typed, world }: Run,
): Promise<void> {
  checkScoreInput(files, options);
  checkTop(options.top);
  if (options.out !== undefined) {
    throw new UsageError("--out is where --jsonl puts its results; redirect the output instead");
  }
  const texts = await readTexts(files, options, world);
  if (options.csv) checkCsvColumns(texts, options.words ?? false);
  const chat = await readChatFile(options.chat, world);
  const { json, words: byWord = false } = options;
  const top = options.top ?? (json ? DEFAULT_TOP : 0);
  const wanted = { ...options, byWord, top };
  const printer = (glyphs: Parameters<typeof scorePrinter>[3]) =>
    scorePrinter({ files, texts }, wanted, world, glyphs);
  const remote = await chosenRemoteModel(typed, world);
  if (remote !== null) {
    const { concurrency = DEFAULT_CONCURRENCY } = options;
    const print = printer(remoteCandidateGlyphs);
    const run = { model: remote, world };
    return scoreOnServer({ texts, chat }, { ...wanted, concurrency }, run, print);
  }
  checkConcurrency(options);
  return withModel(
    options,
    world,
    (model) => {
      const print = printer((candidate) => candidateGlyphs(candidate, model));
      return scoreHere({ texts, chat }, wanted, { model, world }, print);
    },
    (model) => checkWithTokenizer(chat, options, model),
  );
}

async function scoreFile(
  files: readonly string[],
  options: ScoreOptions & { readonly jsonl: string },
  { typed, world }: Run,
): Promise<void> {
  const { jsonl: input, out: output, concurrency = DEFAULT_CONCURRENCY, top = 0 } = options;
  checkTop(top);
  checkCorpusOptions(files, options);
  if (input === "-") {
    throw new UsageError(
      "--jsonl reads its file again where a stopped run goes on, which standard input cannot give; save it as a file",
    );
  }
  if (output === undefined) {
    throw new UsageError(
      "--jsonl needs a file for its results; add --out, such as --out out.jsonl",
    );
  }
  const wanted = { ...options, byWord: options.words ?? false, top };
  const lineOptions = {
    "--context": options.context ?? null,
    "--start-token": options.startToken,
    "--parse-special": options.parseSpecial ?? false,
    "--stride": options.stride ?? null,
    "--top": top,
    "--words": wanted.byWord,
  };
  const remote = await chosenRemoteModel(typed, world);
  if (remote !== null) {
    await checkScores(remote);
    const model = remoteIdentity(remote);
    const run = { model: remote, world };
    const corpus = { input, output, concurrency, model, options: lineOptions };
    return scoreCorpus({ ...corpus, score: (row) => scoreRow(row, wanted, run) }, world);
  }
  checkConcurrency(options);
  return withModel(
    options,
    world,
    (model) => {
      const { identity } = model;
      const corpus = { input, output, concurrency: 1, model: identity, options: lineOptions };
      const score = (row: Parameters<typeof scoreRowHere>[0]) =>
        scoreRowHere(row, wanted, { model, world });
      return scoreCorpus({ ...corpus, score }, world);
    },
    (model) => checkWithTokenizer(null, options, model),
  );
}

/** Every text would be refused in the same words. */
async function checkScores(model: RemoteModel): Promise<void> {
  if ((await model.scoringWay()) === null) throw await noScoring(model);
}

/** A corpus has one kind of input and one of output. */
function checkCorpusOptions(files: readonly string[], options: ScoreOptions): void {
  const { text, ids, chat, lines, csv, json } = options;
  const stray =
    (files.length > 0 && "a file") ||
    (text !== undefined && "--text") ||
    (ids !== undefined && "--ids") ||
    (chat !== undefined && "--chat") ||
    (lines && "--lines") ||
    (csv && "--csv") ||
    (json && "--json");
  if (!stray) return;
  throw new UsageError(`--jsonl reads texts from its own file and ${stray} cannot go with it`);
}

function checkConcurrency({ concurrency }: ScoreOptions): void {
  if (concurrency === undefined || concurrency === 1) return;
  throw new UsageError(
    "--concurrency is for a server's engine, and the one here takes one text at a time; leave it out, or add --engine openai",
  );
}
