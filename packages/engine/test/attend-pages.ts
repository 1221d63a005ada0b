// The kernel's attention alone, over keys and values in pages that the test fills; and the same in float64.

import { readFileSync } from "node:fs";
import { KernelMemory } from "../src/wasm/kernel-memory.ts";
import { startKernel } from "../src/wasm/kernel-threads.ts";
import { attentionBytes, CONTROL, CONTROL_WORDS, partsBytes } from "../src/wasm/layout.ts";
import { Program } from "../src/wasm/program.ts";
import { compileKernel } from "../src/wasm/web-assembly.ts";
import { numbers } from "./numbers.ts";
import { kernelPaths, nodeKernel } from "./open-kernel.ts";

/** Rows of queries at the end of `past` positions, in a cache of floats unless it `isShort`. */
export interface AttentionCase {
  readonly heads: number;
  readonly keyHeads: number;
  readonly width: number;
  readonly past: number;
  readonly rows: number;
  readonly isShort: boolean;
  readonly sequences?: number; // whose rows take turns
  readonly window?: number;
  readonly cap?: number;
  readonly pageBits?: number;
  readonly threads?: number;
  readonly variant?: "relaxed" | "fixed";
  /** Alters the numbers before they are used. */
  readonly change?: (kind: "queries" | "keys" | "values", numbers: Float32Array) => void;
}

type Whole = Required<Omit<AttentionCase, "change">> & Pick<AttentionCase, "change">;

const DEFAULTS = { sequences: 1, window: 0, cap: 0, pageBits: 6, threads: 1 } as const;
const NEAR = 40; // positions from the end that a batch's rows lie in
const DIRT = 0x7f; // what pages hold before they are written
const MARK = 0xa5;

export interface Attended {
  readonly mixed: Float32Array; // [rows, heads, width]
  readonly expected: Float64Array;
  readonly distance: number; // the largest
  readonly shown: Float32Array; // shares of the last row and head
  /** Whether the kernel wrote nothing behind its output, its parts and its scratch. */
  readonly isWithin: boolean;
}

/** Runs attention twice over, since the parts are used again, and compares. */
export async function attended(some: AttentionCase): Promise<Attended> {
  const c: Whole = { ...DEFAULTS, variant: "relaxed", ...some };
  const { heads, keyHeads, width, past, rows } = c;
  const memory = new KernelMemory();
  const kernel = await marked(c, memory);
  const places = rowPlaces(c);
  const kept = Array.from({ length: c.sequences }, (_, sequence) => {
    const numbersFor = (kind: "keys" | "values", seed: number): Float32Array =>
      changed(c, kind, numbersOf(past * keyHeads * width, seed + sequence));
    const keys = numbersFor("keys", 3);
    const values = numbersFor("values", 50);
    return { keys, values, table: pagesOf(c, memory) };
  });
  const scoring = { layer: 0, scale: 1 / Math.sqrt(width), cap: c.cap, window: c.window };
  const shaped = { ...scoring, shape: kernel.shape };
  for (const { keys, values, table } of kept) {
    const all = Array.from({ length: past }, (_, position) => ({ table, position }));
    const program = new Program(past);
    const from = { address: memory.place(keys), stride: keyHeads * width };
    program.keep({ ...shaped, rows: rowWords(memory, all) }, from, memory.place(values));
    kernel.run(program);
  }
  const queries = changed(c, "queries", numbersOf(rows * heads * width, 7));
  const address = memory.place(queries);
  const out = memory.place(new Float32Array(rows * heads * width));
  const behind = memory.place(new Float32Array(16).fill(MARK));
  const words = places.map(({ sequence, position }) => ({
    table: kept[sequence]?.table ?? 0,
    position,
  }));
  const wanted = { ...shaped, rows: rowWords(memory, words) };
  const program = new Program(rows);
  for (let i = 0; i < 2; i += 1) {
    program.attend(wanted, { address, stride: heads * width }, out);
  }
  kernel.run(program);
  const isWithin = kernel.isWithin() && memory.floats(behind, 16).every((value) => value === MARK);
  const shown = shownShares(c, { memory, kernel, wanted, address, places });
  const mixed = memory.floats(out, rows * heads * width).slice();
  kernel.close();
  const expected = oracle(c, { queries, kept, places });
  const distance = mixed.reduce((d, x, i) => Math.max(d, Math.abs(x - (expected[i] ?? 0))), 0);
  return { mixed, expected, distance, shown, isWithin };
}

/** A kernel whose scratch and parts are as large as an engine's, with marks behind each. */
async function marked(c: Whole, memory: KernelMemory) {
  const { heads, keyHeads, width: headWidth, past, threads } = c;
  const bytes = attentionBytes({ heads, headWidth, contextLength: past });
  const module =
    c.variant === "fixed"
      ? await compileKernel(readFileSync(kernelPaths.fixed))
      : nodeKernel.module;
  const scratchBytes = bytes + 64;
  const kernel = await startKernel({ ...nodeKernel, module, memory, threads, scratchBytes });
  const scratch = memory.words(0, CONTROL_WORDS)[CONTROL.scratch] ?? 0;
  memory.bytes(scratch, scratchBytes * threads).fill(MARK);
  const shape = memory.allocate(24);
  const parts = memory.allocate(partsBytes({ heads, headWidth, contextLength: past }));
  const behind = memory.allocate(64);
  memory.bytes(behind, 64).fill(MARK);
  memory.words(shape, 6).set([heads, keyHeads, headWidth, c.pageBits, c.isShort ? 1 : 0, parts]);
  const ends = Array.from({ length: threads }, (_, i) => scratch + i * scratchBytes + bytes);
  return {
    shape,
    run: (program: Program) => kernel.run(program.instructions()),
    isWithin: () =>
      [...ends, behind].every((at) => memory.bytes(at, 64).every((byte) => byte === MARK)),
    close: () => kernel.close(),
  };
}

interface Place {
  readonly sequence: number;
  readonly position: number;
}

/** Where the rows lie: one sequence's last ones, or here and there in several. */
function rowPlaces({ rows, past, sequences }: Whole): readonly Place[] {
  return Array.from({ length: rows }, (_, row) => {
    if (sequences === 1) return { sequence: 0, position: past - rows + row };
    return { sequence: row % sequences, position: past - 1 - ((row * 5) % Math.min(past, NEAR)) };
  });
}

/** A table of pages that are not clean, in no order. */
function pagesOf(
  { past, pageBits, keyHeads, width, isShort }: Whole,
  memory: KernelMemory,
): number {
  const positions = 2 ** pageBits;
  const bytes = 2 * keyHeads * positions * (isShort ? 2 * width + 4 : 4 * width);
  const count = Math.ceil(past / positions);
  const table = memory.allocate(count * 4);
  const pages = Array.from({ length: count }, () => memory.allocate(bytes)).reverse();
  for (const page of pages) memory.bytes(page, bytes).fill(DIRT);
  memory.words(table, count).set(pages);
  return table;
}

function rowWords(
  memory: KernelMemory,
  rows: readonly { readonly table: number; readonly position: number }[],
): number {
  const address = memory.allocate(rows.length * 8);
  const words = rows.flatMap(({ table, position }) => [table, position]);
  memory.words(address, words.length).set(words);
  return address;
}

interface Showing {
  readonly memory: KernelMemory;
  readonly kernel: { run(program: Program): void };
  readonly wanted: Parameters<Program["show"]>[0];
  readonly address: number;
  readonly places: readonly Place[];
}

/** What `show` says of the last row's last head. */
function shownShares({ heads, width, rows }: Whole, showing: Showing): Float32Array {
  const { memory, kernel, wanted, address, places } = showing;
  const length = (places.at(-1)?.position ?? 0) + 1;
  const out = memory.allocate(length * 4);
  const query = address + (rows * heads - 1) * width * 4;
  const program = new Program(rows);
  program.show(wanted, { row: rows - 1, head: heads - 1, query, out });
  kernel.run(program);
  return memory.floats(out, length).slice();
}

interface Numbers {
  readonly queries: Float32Array;
  readonly kept: readonly { readonly keys: Float32Array; readonly values: Float32Array }[];
  readonly places: readonly Place[];
}

/** softmax(cap(q k / sqrt D)) v over what each row sees, [rows, heads, width]. */
function oracle(c: Whole, { queries, kept, places }: Numbers): Float64Array {
  const { heads, keyHeads, width, window, cap } = c;
  const mixed = new Float64Array(places.length * heads * width);
  for (const [row, { sequence, position }] of places.entries()) {
    const { keys = new Float32Array(), values = new Float32Array() } = kept[sequence] ?? {};
    const from = window === 0 ? 0 : Math.max(0, position - window + 1);
    for (let head = 0; head < heads; head += 1) {
      const at = (row * heads + head) * width;
      const query = queries.subarray(at, at + width);
      const keyAt = (p: number): number =>
        (p * keyHeads + Math.floor(head / (heads / keyHeads))) * width;
      const scores = Array.from({ length: position - from + 1 }, (_, i) => {
        const key = keys.subarray(keyAt(from + i), keyAt(from + i) + width);
        const score = query.reduce((sum, q, d) => sum + q * (key[d] ?? 0), 0) / Math.sqrt(width);
        return cap === 0 ? score : cap * Math.tanh(score / cap);
      });
      const top = scores.reduce((most, score) => Math.max(most, score), -Infinity);
      const weights = scores.map((score) => Math.exp(score - top));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [i, weight] of weights.entries()) {
        for (let d = 0; d < width; d += 1) {
          mixed[at + d] =
            (mixed[at + d] ?? 0) + (weight / total) * (values[keyAt(from + i) + d] ?? 0);
        }
      }
    }
  }
  return mixed;
}

function changed(
  { change }: Whole,
  kind: "queries" | "keys" | "values",
  numbers: Float32Array,
): Float32Array {
  change?.(kind, numbers);
  return numbers;
}

/** From -2 to 2. */
function numbersOf(count: number, seed: number): Float32Array {
  return Float32Array.from(numbers(count, seed), (number) => 2 * number);
}
