import { FormatError } from "@tokenscope/core";
import {
  type ByteSource,
  blobSource,
  bytesSource,
  type Gguf,
  readGguf,
  shardedSource,
} from "@tokenscope/engine";
import { describe, expect, test } from "vitest";
import { readTensor } from "../src/gguf/gguf.ts";
import {
  type Entry,
  floatTensor,
  type GgufParts,
  shardsOf,
  smallModel,
  writeGguf,
} from "./write-gguf.ts";

const model = smallModel();
const whole = bytesSource(writeGguf(model).bytes);
const sourceOf = (parts: GgufParts): ByteSource => bytesSource(writeGguf(parts).bytes);
const sourcesOf = (shards: readonly GgufParts[]): ByteSource => shardedSource(shards.map(sourceOf));
const number = (key: string, value: number): Entry => ({ key, type: "u16", value });
const withNumber = (parts: GgufParts, key: string, value: number): GgufParts => ({
  ...parts,
  metadata: [...parts.metadata.filter((entry) => entry.key !== key), number(key, value)],
});
const without = (parts: GgufParts, key: string): GgufParts => ({
  ...parts,
  metadata: parts.metadata.filter((entry) => entry.key !== key),
});

async function tensorBytes(source: ByteSource, gguf: Gguf): Promise<Record<string, number[]>> {
  const bytes: Record<string, number[]> = {};
  for (const tensor of gguf.tensors.values()) {
    bytes[tensor.name] = [...(await readTensor(source, tensor))];
  }
  return bytes;
}

async function refusal(source: ByteSource): Promise<string> {
  const error: unknown = await readGguf(source).then(
    () => new Error("the files were read"),
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(FormatError);
  return (error as FormatError).message;
}

describe("a model in shards", () => {
  test.each([
    ["two", [4]],
    ["one for each tensor", model.tensors.map((_, i) => i).slice(1)],
    ["a first without tensors", [0]],
  ])("%s: has the tensors and the metadata of the whole file", async (_, cuts) => {
    const expected = await readGguf(whole);
    for (const toSource of [sourceOf, blobOf]) {
      const source = shardedSource(shardsOf(model, cuts).map(toSource));
      const gguf = await readGguf(source);
      expect([...gguf.tensors.keys()]).toEqual([...expected.tensors.keys()]);
      expect(await tensorBytes(source, gguf)).toEqual(await tensorBytes(whole, expected));
      expect(gguf.metadata).toEqual(
        new Map([
          ...expected.metadata,
          ["split.no", 0],
          ["split.count", cuts.length + 1],
          ["split.tensors.count", model.tensors.length],
        ]),
      );
    }
  });

  test("a shard has an alignment of its own", async () => {
    const [first, second] = shardsOf(model, [1]) as [GgufParts, GgufParts];
    const wide = { ...withNumber(second, "general.alignment", 256), alignment: 256 };
    const source = sourcesOf([first, wide]);
    const gguf = await readGguf(source);
    const expected = await readGguf(whole);
    expect(await tensorBytes(source, gguf)).toEqual(await tensorBytes(whole, expected));
  });

  test("one that gguf-split put together again, which says 0 shards, is a whole file", async () => {
    const merged = withNumber(shardsOf(model, [])[0]!, "split.count", 0);
    expect((await readGguf(sourceOf(merged))).tensors.size).toBe(model.tensors.length);
  });
});

describe("shards that are not one model", () => {
  const [first, second, third] = shardsOf(model, [3, 6]) as [GgufParts, GgufParts, GgufParts];
  test.each<[string, readonly GgufParts[], RegExp]>([
    ["one of three alone", [first], /^readGguf: split\.count is 3 .* byte \d+ where 1 file was/],
    ["the second alone", [second], /split\.count is 3 .* where 1 file was given/],
    ["the last is missing", [first, second], /^shard 1 of 2: .*split\.count is 3.* 2 files were/],
    ["two whole files", [model, model], /shard 1 of 2: .*split\.count is missing .* byte \d+/],
    [
      "the wrong order",
      [first, third, second],
      /shard 2 of 3: .*split\.no is 2 in the metadata before byte \d+ where it must be 1/,
    ],
    ["one of them twice", [first, second, second], /shard 3 of 3: .*split\.no is 1 .* must be 2/],
    [
      "a shard that does not say which",
      [first, without(second, "split.no"), third],
      /shard 2 of 3: .*split\.no is missing .* must be 1/,
    ],
    [
      "a tensor in two of them",
      [first, second, { ...third, tensors: [...third.tensors, first.tensors[0]!] }],
      /"token_embd\.weight" is in shard 3 \(data from byte \d+\) and in one before/,
    ],
    [
      "a tensor too few",
      [first, second, { ...third, tensors: third.tensors.slice(1) }],
      /split\.tensors\.count is 11 in the metadata of shard 1 before byte \d+ where 10 tensors/,
    ],
    [
      "another count in one of them",
      [first, withNumber(second, "split.tensors.count", 12), third],
      /split\.tensors\.count is 12 in the metadata of shard 2 before byte \d+ where 11/,
    ],
    [
      "no count",
      [without(first, "split.tensors.count"), second, third],
      /split\.tensors\.count is missing in the metadata of shard 1/,
    ],
    [
      "a count that is no number",
      [{ ...first, metadata: [{ key: "split.count", type: "string", value: "3" }] }, second, third],
      /split\.count is "3" in the metadata before byte \d+ where 3 files were given/,
    ],
  ])("%s", async (_, shards, sentence) => {
    expect(await refusal(shards.length === 1 ? sourceOf(shards[0]!) : sourcesOf(shards))).toMatch(
      sentence,
    );
  });

  test("damage names the shard and the byte in it", async () => {
    const cut = writeGguf(second).bytes.subarray(0, -1);
    const source = shardedSource([sourceOf(first), bytesSource(cut), sourceOf(third)]);
    expect(await refusal(source)).toMatch(
      new RegExp(`^shard 2 of 3: readGguf: the file ends at byte ${cut.length}, inside tensor`),
    );
  });
});

describe("a file beyond 2^32 bytes", () => {
  const FILE_BYTES = 5_000_000_000;
  const FAR = 4_500_000_000 - (4_500_000_000 % 32);
  const far = { ...floatTensor("far", [32, 4]), offset: FAR };
  const near = floatTensor("near", [32]);
  const written = writeGguf({ ...model, tensors: [near, far] });

  /** 5 GB that are zero, but for the header and for the tensor at 4.5 GB; counts what is read. */
  function largeSource(): { readonly source: ByteSource; readBytes(): number } {
    let read = 0;
    const source: ByteSource = {
      byteLength: FILE_BYTES,
      async read(offset, length) {
        read += length;
        const bytes = new Uint8Array(length);
        if (offset === 0) bytes.set(written.bytes.subarray(0, written.dataStart));
        if (offset === written.dataStart + FAR) bytes.set(far.data);
        return bytes;
      },
    };
    return { source, readBytes: () => read };
  }

  test("has its tensors read where they lie, and no more than they take", async () => {
    const { source, readBytes } = largeSource();
    const gguf = await readGguf(source);
    const headerBytes = readBytes();
    const tensor = gguf.tensors.get("far")!;
    expect(tensor.offset).toBe(written.dataStart + FAR);
    expect(await readTensor(source, tensor)).toEqual(far.data);
    expect(headerBytes).toBeLessThan(20_000_000);
    expect(readBytes() - headerBytes).toBe(far.data.length);
  });

  test("also as the second of two shards", async () => {
    const [first, second] = shardsOf({ ...model, tensors: [near, far] }, [1]) as [
      GgufParts,
      GgufParts,
    ];
    const header = writeGguf(second);
    const last: ByteSource = {
      byteLength: FILE_BYTES,
      async read(offset, length) {
        const bytes = new Uint8Array(length);
        if (offset === 0) bytes.set(header.bytes.subarray(0, header.dataStart));
        if (offset === header.dataStart + FAR) bytes.set(far.data);
        return bytes;
      },
    };
    const source = shardedSource([sourceOf(first), last]);
    const gguf = await readGguf(source);
    expect(await readTensor(source, gguf.tensors.get("far")!)).toEqual(far.data);
    expect(await readTensor(source, gguf.tensors.get("near")!)).toEqual(near.data);
  });
});

function blobOf(parts: GgufParts): ByteSource {
  return blobSource(new Blob([new Uint8Array(writeGguf(parts).bytes)]));
}
