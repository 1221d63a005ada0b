// Pages of the cache: shared while equal, copied before one of the sharers writes, given out again when none holds them.

import { expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { parseShape } from "../src/architecture.ts";
import { readGguf } from "../src/gguf/gguf.ts";
import { openFileSource } from "../src/node/file-source.ts";
import { KernelMemory } from "../src/wasm/kernel-memory.ts";
import { cachePageBits } from "../src/wasm/layout.ts";
import { PagePool } from "../src/wasm/paged-cache.ts";

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

function filled(length: number) {
  const memory = new KernelMemory();
  const pool = new PagePool(memory, shape);
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
