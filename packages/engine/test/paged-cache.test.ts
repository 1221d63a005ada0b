// Pages of the cache: shared while equal, copied before one of the sharers writes, given out again when none holds them.

import type { Precision } from "@tokenscope/core";
import { expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { parseShape } from "../src/architecture.ts";
import { readGguf } from "../src/gguf/gguf.ts";
import { openFileSource } from "../src/node/file-source.ts";
import { KernelMemory } from "../src/wasm/kernel-memory.ts";
import { cachePageBits } from "../src/wasm/layout.ts";
import { type PagedCache, PagePool } from "../src/wasm/paged-cache.ts";

const shape = await tinyShape();
const PAGE = 2 ** cachePageBits(shape);

test("a fork shares all pages, and a write copies only the one that is not full", () => {
  const { cache, memory } = filled(PAGE + 10);
  const fork = cache.fork();
  expect(fork.addresses).toEqual(cache.addresses);
  memory.floats(cache.addresses[1] ?? 0, 1)[0] = 7;
  fork.reserve(1);
  fork.grow(1);
  expect(fork.addresses[0]).toBe(cache.addresses[0]);
  expect(fork.addresses[1]).not.toBe(cache.addresses[1]);
  expect(memory.floats(fork.addresses[1] ?? 0, 1)[0]).toBe(7);
  expect([cache.length, fork.length]).toEqual([PAGE + 10, PAGE + 11]);
});

test("a fork at a page's end copies nothing", () => {
  const { cache } = filled(PAGE);
  const fork = cache.fork();
  fork.reserve(1);
  expect(fork.addresses[0]).toBe(cache.addresses[0]);
  expect(fork.addresses.length).toBe(2);
});

test("the last holder of a page writes it in place", () => {
  const { cache } = filled(10);
  const fork = cache.fork();
  const before = cache.addresses;
  fork.close();
  cache.reserve(1);
  expect(cache.addresses).toEqual(before);
});

test("pages that a cut or a close leaves are given out again before new memory is taken", () => {
  const { cache, pool, memory } = filled(3 * PAGE);
  const [first, second, third] = cache.addresses;
  cache.cut(PAGE);
  const bytes = memory.memory.buffer.byteLength;
  const other = pool.openCache();
  other.reserve(2 * PAGE);
  expect([...other.addresses].sort()).toEqual([second, third].sort());
  expect(memory.memory.buffer.byteLength).toBe(bytes);
  expect(cache.addresses).toEqual([first]);
});

test("a cut back into a shared page copies it before writing", () => {
  const { cache } = filled(PAGE + 10);
  const fork = cache.fork();
  fork.cut(5);
  fork.reserve(1);
  expect(fork.addresses[0]).not.toBe(cache.addresses[0]);
});

test("rows that are written come back: exact as they are, compact to half a step of 65,534 over a row", () => {
  const count = PAGE + 3;
  const { keyValueHeads: K, headWidth: D, layers } = shape;
  const buffers = (phase: number) =>
    Array.from({ length: layers }, (_, layer) =>
      Float32Array.from({ length: count * K * D }, (_none, i) => Math.sin(i + layer) * (phase + i)),
    );
  const rows = { count, keys: buffers(0), values: buffers(1e-3) };
  expect(kept(rows, "exact")).toEqual(rows);
  const short = kept(rows, "compact");
  for (const part of ["keys", "values"] as const) {
    for (const [layer, buffer] of rows[part].entries()) {
      for (let from = 0; from < buffer.length; from += D) {
        const row = buffer.subarray(from, from + D);
        const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        for (const [i, value] of row.entries()) {
          const error = Math.abs((short[part][layer]?.[from + i] ?? Number.NaN) - value);
          expect(error).toBeLessThanOrEqual((largest / 65_534) * 1.01);
        }
      }
    }
  }
});

test("compact keeps a position in half the memory, but for a scale each head", () => {
  const bytes = (precision: Precision): number => {
    const { cache } = filled(2 * PAGE, precision);
    const [first = 0, second = 0] = cache.addresses;
    return second - first;
  };
  const { keyValueHeads: K, headWidth: D, layers } = shape;
  expect(bytes("exact")).toBe(layers * 2 * K * PAGE * D * 4);
  expect(bytes("compact")).toBe(layers * 2 * K * PAGE * (D * 2 + 4));
});

function kept(rows: Parameters<PagedCache["add"]>[0], precision: Precision) {
  const { cache } = filled(0, precision);
  cache.add(rows);
  return cache.rowsFrom(0);
}

function filled(length: number, precision: Precision = "exact") {
  const memory = new KernelMemory();
  const pool = new PagePool(memory, shape, precision);
  const cache = pool.openCache();
  cache.reserve(length);
  cache.grow(length);
  return { cache, pool, memory };
}

async function tinyShape() {
  const source = await openFileSource(referencePath("tiny/llama-tied.gguf"));
  const shape = parseShape(await readGguf(source));
  await source.close();
  return shape;
}
