// Where things lie in the kernel's memory, and the words that host and kernel share (kernel/index.ts and threads.ts read the same).

import type { Precision } from "@tokenscope/core";

/** Words of the control block, as indices into an Int32Array over the memory's beginning. */
export const CONTROL = {
  generation: 0, // counts programs; helper threads wait for it
  stopped: 1,
  failed: 2,
  threads: 3,
  program: 6, // address of the instructions
  length: 7, // how many
  counters: 8, // address of one cache line for each instruction
  scratch: 9, // address of the threads' own memory
  scratchBytes: 10, // of each thread
  patience: 11, // sleeps at a barrier, some ms each, after which a thread that is missing is dead
} as const;

export const CONTROL_WORDS = 16;

export const HALVES_ADDRESS = 65_536; // all 65,536 half-precision numbers as float32
export const HEAP_ADDRESS = HALVES_ADDRESS + 65_536 * 4;
export const PAGE_BYTES = 65_536; // WebAssembly's own pages
export const INITIAL_PAGES = 64;
export const MAXIMUM_PAGES = 65_536; // 4 GB: what 32-bit addresses reach
export const MOST_WEIGHT_BYTES = 3.5e9; // of those; the rest is for caches and buffers

const LONG_CONTEXT = 2_048;

/**
 * Positions in a page of the key/value cache, as a power of 2. A head's stretch of a page is 64 kB: memory is read about twice as
 * quickly there as in stretches of 16 kB. A short context has shorter ones, since it would lie in one page.
 */
export function cachePageBits(shape: {
  readonly contextLength: number;
  readonly headWidth: number;
}): number {
  if (shape.contextLength < LONG_CONTEXT || shape.headWidth > 128) return 6;
  return shape.headWidth > 64 ? 7 : 8;
}

/** Whether keys and values are kept in 16 bits, with a scale for each position of a head; else as float32. */
export function isCacheShort(precision: Precision): boolean {
  return precision === "compact";
}

export const INSTRUCTION_WORDS = 12;
export const COUNTER_BYTES = 64;

/** Operations by their numbers in kernel/index.ts. */
export const OPERATION = {
  linear: 1,
  rmsNorm: 2,
  layerNorm: 3,
  rotate: 4,
  keep: 5,
  attend: 6,
  show: 7,
  gate: 8,
  add: 9,
  cap: 10,
  clear: 11,
  copy: 12,
  records: 13,
} as const;

/** Parts of a record that kernel/distribution.ts writes, in bytes from its beginning. */
export const RECORD = {
  mass: 0, // f64: sum of e^(logit - highest)
  expected: 8, // f64: sum of (logit - highest) e^(logit - highest)
  highest: 16, // f32
  target: 20, // f32
  exceeding: 24, // i32
  kept: 32, // ids [kept] i32, then logits [kept] f32
} as const;

/** Tensor types by ggml's numbers; kernel/formats.ts reads the same ones. A repacked matrix has a number of its own. */
export const KERNEL_TYPES: ReadonlyMap<string, number> = new Map([
  ["F32", 0],
  ["F16", 1],
  ["Q4_0", 2],
  ["Q4_1", 3],
  ["Q5_0", 6],
  ["Q5_1", 7],
  ["Q8_0", 8],
  ["Q2_K", 10],
  ["Q3_K", 11],
  ["Q4_K", 12],
  ["Q5_K", 13],
  ["Q6_K", 14],
  ["IQ4_NL", 20],
  ["IQ4_XS", 23],
  ["BF16", 30],
  ["MXFP4", 39],
]);

/** How the kernel lays down most matrices: eight rows interleaved (kernel/repacked.ts), `blockBytes` of each 32 columns of them. */
export interface RepackedType {
  readonly type: number;
  readonly blockBytes: number;
}

export const REPACKED_ROWS = 8;
export const REPACKED_COLUMNS = 32;
const REPACKED_4: RepackedType = { type: 64, blockBytes: 32 + 128 }; // scale (q - 8)
const REPACKED_4_MINIMUM: RepackedType = { type: 65, blockBytes: 2 * 32 + 128 }; // scale q + minimum
export const REPACKED_8: RepackedType = { type: 66, blockBytes: 32 + 256 }; // scale q
const REPACKED_8_HALVES: RepackedType = { type: 67, blockBytes: 2 * 32 + 256 }; // the same, a scale for each 16 columns

/** Tensor types that are repacked, without loss. */
export const REPACKED_TYPES: ReadonlyMap<string, RepackedType> = new Map([
  ["Q4_0", REPACKED_4],
  ["Q4_1", REPACKED_4_MINIMUM],
  ["Q4_K", REPACKED_4_MINIMUM],
  ["Q5_0", REPACKED_8],
  ["Q6_K", REPACKED_8_HALVES],
  ["Q8_0", REPACKED_8],
]);

/** Bytes of a thread's scratch for each column of the widest matrix: eight decoded rows, and the same turned round. */
export const PANEL_BYTES = 2 * 8 * 4;

/** What kernel/attention.ts needs to know of a model for its room. */
interface AttentionWidths {
  readonly heads: number;
  readonly headWidth: number;
  readonly contextLength: number;
}

const QUERIES_TOGETHER = 4;
const SUMS_BYTES = 8;
const VECTOR_BYTES = 16;

/** Bytes of a thread's scratch while it attends: for each of four queries its integers with their scales, its sums, and a score for each position; rows are whole vectors. */
export function attentionBytes({ headWidth, contextLength }: AttentionWidths): number {
  const integers = 4 * headWidth + VECTOR_BYTES;
  const scores = 4 * contextLength + VECTOR_BYTES;
  return QUERIES_TOGETHER * (integers + SUMS_BYTES + scores);
}

const MOST_PARTS = 8; // of one row's past
const PARTS_COUNTER_BYTES = 16;

/** Bytes for the parts of one row's past, where each head has its own key/value head: fewer groups of heads take no more. */
export function partsBytes({ heads, headWidth }: AttentionWidths): number {
  return heads * (PARTS_COUNTER_BYTES + MOST_PARTS * (4 * headWidth + SUMS_BYTES));
}
