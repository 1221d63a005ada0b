// score --jsonl: a file of many texts scored into another, a line each, in the same order; what a killed run has written is kept.

import { createHash } from "node:crypto";
import { countOf, EngineError, FormatError, UsageError } from "@tokenscope/core";
import { pMapIterable } from "p-map";
import { checkNotEmpty } from "../score-input.ts";
import type { PrintedScore } from "../score-output.ts";
import { jsonLineRow, type TextRow } from "../text-rows.ts";
import { note, type World } from "../world.ts";
import { type OutFile, openOutFile } from "./out-file.ts";
import { checkReadable, type FileLine, lineText, readLines } from "./read-lines.ts";

const PROGRESS_MS = 1_000;
/** What is wrong with one text leaves the others alone; of these, a server means all. */
const FATAL_STATUSES = [401, 403, 404, 405];

/** A corpus and who scores it. */
export interface Corpus {
  readonly input: string; // path of the texts, a JSON object with "text" a line
  readonly output: string;
  readonly concurrency: number;
  readonly model: PrintedScore["model"]; // as each line of the output names it
  /** Everything else that a line depends on, by the names of the options. */
  readonly options: Readonly<Record<string, unknown>>;
  score(row: TextRow): Promise<PrintedScore>;
}

/** Scores what the output does not have yet. Throws EngineError at the end where texts could not be scored, or at once where the engine fails; running it again then goes on. */
export async function scoreCorpus(corpus: Corpus, world: World): Promise<void> {
  await checkReadable(corpus.input);
  const out = await openOutFile(corpus.output, corpus.input);
  const tally = { done: 0, failed: 0 };
  let report: Progress | undefined;
  try {
    checkSame(out, corpus);
    await out.dropRest();
    if (out.lines > 0) {
      await note(world, `${corpus.output} has ${countOf(out.lines, "text")} already; going on`);
    }
    report = progress(world);
    const onDone = (isFailed: boolean): void => {
      tally.done += 1;
      if (isFailed) tally.failed += 1;
    };
    const lines = linesLeft(corpus, { done: out.lines, onDone, signal: world.signal });
    const { concurrency } = corpus;
    const score = (line: FileLine) => outLine(line, corpus);
    const results = pMapIterable(lines, score, { concurrency, backpressure: 2 * concurrency });
    for await (const { json, isFailed } of results) {
      await out.add(json);
      onDone(isFailed);
      report.say(tally.done);
    }
  } finally {
    report?.end();
    await out.close();
  }
  const { done, failed } = tally;
  const are = done === 1 ? "is" : "are";
  await note(world, `${countOf(done, "text")} ${are} in ${corpus.output}`);
  if (failed === 0) return;
  const [their, have] = failed === 1 ? ["its line", "has"] : ["their lines", "have"];
  throw new EngineError(
    `${countOf(failed, "text")} could not be scored; ${their} in ${corpus.output} ${have} an "error" that says why`,
  );
}

/** Lines of the input that the output does not have. What it has is read beside them: `onDone` hears of each line, and one that was scored from another text is a UsageError. */
async function* linesLeft(
  corpus: Corpus,
  {
    done,
    onDone,
    signal,
  }: {
    readonly done: number;
    readonly onDone: (isFailed: boolean) => void;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<FileLine, void, void> {
  const { input, output, model } = corpus;
  const written = readLines(output);
  let last = -1;
  for await (const line of readLines(input)) {
    signal.throwIfAborted();
    last = line.index;
    if (line.index === done) await written.return(); // its file need not stay open
    if (line.index >= done) {
      yield line;
      continue;
    }
    const { value: outText } = await written.next();
    if (outText === undefined) throw new RangeError("linesLeft: fewer lines than were counted");
    const text = lineText(outText, output);
    const start = startOf(text, line, corpus);
    onDone(text.startsWith(`${start}"model":${JSON.stringify(model)},"error":`));
  }
  if (last + 1 >= done) return;
  throw new UsageError(
    `the output has ${countOf(done, "line")} and ${input} has ${countOf(last + 1, "text")}, so it belongs to another input; give another file for --out`,
  );
}

const HASH_DIGITS = 16; // enough to notice a change, not to withstand a forger

function hashOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, HASH_DIGITS);
}

/** What a line of the output begins with: its place, and hashes of the line of the input and of the options. */
function placeOf({ bytes, index }: FileLine, { options }: Corpus) {
  return { index, inputSha256: hashOf(bytes), optionsSha256: hashOf(JSON.stringify(options)) };
}

/** How a line of the output begins; throws UsageError where it was scored from another text, or with other options. Outputs of earlier versions do not say. */
function startOf(written: string, line: FileLine, corpus: Corpus): string {
  const { input, output, options } = corpus;
  const place = placeOf(line, corpus);
  const older = `{"index":${place.index},`;
  if (!written.startsWith(`${older}"inputSha256":`)) return older;
  const ofInput = `${older}"inputSha256":"${place.inputSha256}",`;
  if (!written.startsWith(ofInput)) {
    throw new UsageError(
      `line ${line.number} of ${input} is not what line ${line.index + 1} of ${output} was scored from; undo the change, or give another file for --out`,
    );
  }
  if (!written.startsWith(`${ofInput}"optionsSha256":`)) return ofInput;
  const start = `${ofInput}"optionsSha256":"${place.optionsSha256}",`;
  if (written.startsWith(start)) return start;
  throw new UsageError(
    `line ${line.index + 1} of ${output} was scored with other options (${Object.keys(options).join(", ")}); give the same, or another file for --out`,
  );
}

async function outLine(
  line: FileLine,
  corpus: Corpus,
): Promise<{ readonly json: string; readonly isFailed: boolean }> {
  const place = placeOf(line, corpus);
  const { number } = line;
  try {
    const row = jsonLineRow(lineText(line, corpus.input), corpus.input, number);
    checkNotEmpty(row.text, `the text of line ${number} of ${corpus.input}`);
    return { json: JSON.stringify({ ...place, ...(await corpus.score(row)) }), isFailed: false };
  } catch (error) {
    if (!isOfOneText(error)) throw error;
    const { model } = corpus;
    return { json: JSON.stringify({ ...place, model, error: error.message }), isFailed: true };
  }
}

function isOfOneText(error: unknown): error is UsageError | FormatError {
  if (error instanceof FormatError) return true;
  return error instanceof UsageError && !FATAL_STATUSES.includes(error.httpStatus);
}

/** Throws UsageError where the last line of the output is not what this run would have written there. */
function checkSame({ lines, lastLine, restStart }: OutFile, { output, model }: Corpus): void {
  if (lastLine === null) {
    if (isBeginning(restStart)) return;
    throw new UsageError(
      `${output} exists and is no corpus scored here; give another file for --out`,
    );
  }
  const last = parsedLine(lastLine);
  const isOurs = last?.index === lines - 1 && JSON.stringify(last.model) === JSON.stringify(model);
  if (isOurs) return;
  throw new UsageError(
    `${output} exists and its last line is not line ${lines} of a corpus scored by ${model.id} in this way; give another file for --out`,
  );
}

/** Whether this may be all that a killed run wrote of its first line; an empty file is. */
function isBeginning(text: string): boolean {
  const start = '{"index":0,"';
  return text.startsWith(start) || start.startsWith(text);
}

function parsedLine(line: string): { readonly index?: unknown; readonly model?: unknown } | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" ? value : null;
  } catch {
    return null; // no line of ours
  }
}

interface Progress {
  say(done: number): void;
  /** Leaves the line to what is said next. */
  end(): void;
}

/** Says once a second how far it is, on a terminal. */
function progress(world: World): Progress {
  const startedMs = world.nowMs();
  let saidMs = startedMs;
  let before: number | null = null;
  let hasSaid = false;
  return {
    say(done) {
      before ??= done - 1;
      const nowMs = world.nowMs();
      if (!world.stderr.isTerminal || nowMs - saidMs < PROGRESS_MS) return;
      saidMs = nowMs;
      hasSaid = true;
      const rate = ((done - before) * 1_000) / (nowMs - startedMs);
      void world.stderr.write(`\r${countOf(done, "text")}, ${rate.toFixed(1)} a second `);
    },
    end() {
      if (hasSaid) void world.stderr.write("\n");
    },
  };
}
