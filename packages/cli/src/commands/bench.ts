// tokenscope bench: how fast this machine is with a model, and how far compact is from exact here.

import { cpus, totalmem } from "node:os";
import {
  formatBits,
  formatCount,
  type Precision,
  type Sequence,
  scoreBits,
  scoreIds,
  type TokenId,
} from "@tokenscope/core";
import type { Command } from "commander";
import { BENCH_TEXT } from "../bench-text.ts";
import { addEngineOptions, type ModelOptions, withModel } from "../model-options.ts";
import type { OpenModel } from "../open-model.ts";
import { parseWhole } from "../option-values.ts";
import { tableLines } from "../table.ts";
import { type World, writeLine } from "../world.ts";

const PREFILL_TOKENS = 256;
const WARM_UP_ROWS = 1_280; // the engine prepares for long texts once it has met some: what is measured comes after
const DECODE_TOKENS = 32;
const COMPARED_TOKENS = 128;
const DEFAULT_ROUNDS = 5; // the median of five ignores two disturbed ones
const DURATION = `bench takes about half a minute with the default model on two cores; longer with a larger model or more than ${DEFAULT_ROUNDS} rounds`;

interface BenchOptions extends ModelOptions {
  readonly rounds: number;
  readonly json?: boolean;
}

interface Measured {
  readonly model: OpenModel["identity"];
  readonly threads: number;
  readonly prefillTokens: number; // fewer than asked for where the context is short
  readonly loadMs: number;
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  readonly bits: readonly (number | null)[];
}

/** Adds the command `bench`. */
export function addBench(program: Command, world: World): void {
  const command = program
    .command("bench")
    .description("speed of a model on this machine; exact and compact unless one is named")
    .option("--rounds <number>", "median of so many", parseWhole("--rounds", 1), DEFAULT_ROUNDS)
    .option("--json", "print JSON");
  addEngineOptions(command).action((options: BenchOptions) => bench(options, world));
}

async function bench(options: BenchOptions, world: World): Promise<void> {
  const wanted: readonly Precision[] =
    options.precision === "auto" ? ["exact", "compact"] : [options.precision];
  await writeLine(world.stderr, DURATION);
  const measured: Measured[] = [];
  for (const precision of wanted) {
    measured.push(await measure({ ...options, precision }, world));
  }
  const meanAbsoluteBits = meanDifference(measured);
  if (options.json) {
    const machine = { processor: processor(), memoryBytes: totalmem() };
    const runs = measured.map(({ bits, ...run }) => run);
    const { rounds } = options;
    const json = { machine, rounds, decodeTokens: DECODE_TOKENS, runs, meanAbsoluteBits };
    await writeLine(world.stdout, JSON.stringify(json));
    return;
  }
  for (const line of benchLines(measured, options.rounds)) await writeLine(world.stdout, line);
  if (meanAbsoluteBits !== null) {
    await writeLine(
      world.stdout,
      `a token's bits in compact differ from exact by ${formatBits(meanAbsoluteBits)} on average (${measured[0]?.bits.length} tokens, read one by one)`,
    );
  }
}

async function measure(options: BenchOptions, world: World): Promise<Measured> {
  const stage = (text: string) => writeLine(world.stderr, `${options.precision}: ${text}`);
  await stage("loading");
  const startMs = world.nowMs();
  return withModel(options, world, async (model) => {
    const loadMs = world.nowMs() - startMs;
    const room = model.engine.contextLength - DECODE_TOKENS;
    const ids = model.tokenizer.encode(BENCH_TEXT).slice(0, Math.min(PREFILL_TOKENS, room));
    await stage("warming up");
    for (let warm = 0; warm < WARM_UP_ROWS; warm += ids.length) {
      await scoreIds(model.engine, ids, { signal: world.signal });
    }
    const rounds: { prefillMs: number; decodeMs: number }[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      await stage(`round ${round + 1} of ${options.rounds}`);
      rounds.push(await measureRound(model, ids, world));
    }
    await stage("token by token");
    const bits = await bitsTokenByToken(model, ids.slice(0, COMPARED_TOKENS), world.signal);
    const prefillMs = median(rounds.map((round) => round.prefillMs));
    const decodeMs = median(rounds.map((round) => round.decodeMs));
    return {
      model: model.identity,
      threads: model.engine.threads,
      prefillTokens: ids.length,
      loadMs,
      prefillTokensPerSecond: (ids.length / prefillMs) * 1000,
      decodeTokensPerSecond: (DECODE_TOKENS / decodeMs) * 1000,
      bits,
    };
  });
}

/** Prefill of the text with all its distributions, then tokens one by one after it. */
async function measureRound(
  { engine }: OpenModel,
  ids: readonly TokenId[],
  { nowMs, signal }: World,
): Promise<{ readonly prefillMs: number; readonly decodeMs: number }> {
  const sequence = engine.openSequence();
  try {
    const startMs = nowMs();
    await append(sequence, ids, signal);
    const prefilledMs = nowMs();
    for (const id of ids.slice(0, DECODE_TOKENS)) await append(sequence, [id], signal);
    return { prefillMs: prefilledMs - startMs, decodeMs: nowMs() - prefilledMs };
  } finally {
    sequence.close();
  }
}

/** Bits of each token, read as text is written: compact rounds what few rows go through, a longer pass may be as exact as exact. */
async function bitsTokenByToken(
  { engine }: OpenModel,
  ids: readonly TokenId[],
  signal: AbortSignal,
): Promise<readonly (number | null)[]> {
  const sequence = engine.openSequence();
  try {
    const bits: (number | null)[] = [];
    for (const id of ids) {
      for await (const chunk of sequence.append([id], { signal })) {
        bits.push(...chunk.map(({ score }) => scoreBits(score)));
      }
    }
    return bits;
  } finally {
    sequence.close();
  }
}

async function append(
  sequence: Sequence,
  ids: readonly TokenId[],
  signal: AbortSignal,
): Promise<void> {
  for await (const _chunk of sequence.append(ids, { signal })) {
    // the sequence keeps what it yields
  }
}

function benchLines(measured: readonly Measured[], rounds: number): readonly string[] {
  const rows = measured.map((run) => [
    run.model.precision,
    `${(run.loadMs / 1000).toFixed(1)} s`,
    `${formatCount(run.prefillTokensPerSecond)} tokens/s`,
    `${run.decodeTokensPerSecond.toFixed(1)} tokens/s`,
    String(run.threads),
  ]);
  const prefillTokens = measured[0]?.prefillTokens ?? 0;
  const columns = [
    { heading: "precision" },
    { heading: "load", isNumber: true },
    { heading: `prefill of ${prefillTokens}, all distributions`, isNumber: true },
    { heading: `decode after ${prefillTokens}`, isNumber: true },
    { heading: "threads", isNumber: true },
  ];
  const id = measured[0]?.model.id ?? "";
  return [`${id} on ${processor()}, median of ${rounds}`, "", ...tableLines(columns, rows), ""];
}

/** Mean absolute difference of two runs' bits; null where there is one run. */
function meanDifference([first, second]: readonly Measured[]): number | null {
  if (first === undefined || second === undefined) return null;
  const differences = first.bits.flatMap((bits, i) => {
    const other = second.bits[i];
    return bits === null || other === null || other === undefined ? [] : [Math.abs(bits - other)];
  });
  return differences.reduce((sum, value) => sum + value, 0) / differences.length;
}

function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b);
  const middle = ordered.length >> 1;
  const upper = ordered[middle] ?? 0;
  return ordered.length % 2 === 1 ? upper : ((ordered[middle - 1] ?? 0) + upper) / 2;
}

function processor(): string {
  return cpus()[0]?.model.trim() || `${process.platform} ${process.arch}`;
}
