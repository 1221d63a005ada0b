import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobSource, bytesSource, shardedSource } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
const cuts = [bytes.subarray(0, 40), bytes.subarray(40, 40), bytes.subarray(40)];
let folder = "";
let whole = "";
const shardPaths: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tokenscope-source-"));
  whole = join(folder, "whole");
  await writeFile(whole, bytes);
  for (const [i, cut] of cuts.entries()) {
    shardPaths.push(join(folder, String(i)));
    await writeFile(join(folder, String(i)), cut);
  }
});

afterAll(() => rm(folder, { recursive: true }));

const open = {
  bytes: async () => ({ ...bytesSource(bytes), close: async () => {} }),
  blob: async () => ({ ...blobSource(new Blob([bytes])), close: async () => {} }),
  file: () => openFileSource(whole),
  shards: async () => ({ ...shardedSource(cuts.map(bytesSource)), close: async () => {} }),
  "files of shards": () => openFileSource(shardPaths),
};

describe.each(Object.entries(open))("a source over %s", (_, opened) => {
  test("reads any range, also an empty one and across a cut", async () => {
    const source = await opened();
    expect(source.byteLength).toBe(100);
    for (const [offset, length] of [
      [0, 100],
      [0, 0],
      [100, 0],
      [39, 2],
      [40, 60],
      [99, 1],
    ] as const) {
      const read = await source.read(offset, length);
      expect([...read]).toEqual([...bytes.subarray(offset, offset + length)]);
    }
    await source.close();
  });

  test("refuses a range outside, before it allocates", async () => {
    const source = await opened();
    for (const [offset, length] of [
      [-1, 1],
      [0, -1],
      [100, 1],
      [0, 2 ** 52],
    ] as const) {
      await expect(source.read(offset, length)).rejects.toThrow(RangeError);
    }
    await source.close();
  });

  test("gives memory of its own: no more than was asked for, and free to be written", async () => {
    const source = await opened();
    const read = await source.read(10, 20);
    expect([read.byteOffset, read.buffer.byteLength]).toEqual([0, 20]);
    read.fill(255);
    expect([...(await source.read(10, 1))]).toEqual([10]);
    await source.close();
  });
});

test("a missing shard is Node's own error, with its path", async () => {
  const missing = join(folder, "none");
  await expect(openFileSource([whole, missing])).rejects.toThrow(missing);
});

test("one path in a list is that file, without shards", async () => {
  const source = await openFileSource([whole]);
  expect(source.shards).toBeUndefined();
  await source.close();
});
