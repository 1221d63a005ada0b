// Whole files, damaged at random: each reads, or is refused with one sentence; none crashes, hangs or takes memory.

import { readdirSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { FormatError } from "@tokenscope/core";
import { type ByteSource, bytesSource, readGguf, type TensorInfo } from "@tokenscope/engine";
import fc from "fast-check";
import { expect, test } from "vitest";
import { referenceJson, referencePath } from "../../../fixtures/index.ts";
import { blockType, dequantizeRow, readableTypes } from "../src/gguf/blocks.ts";
import { readTensor } from "../src/gguf/gguf.ts";
import { type Field, type Fields, fieldsOf } from "./gguf-fields.ts";
import {
  type Entry,
  floatTensor,
  type GgufParts,
  joined,
  smallModel,
  text,
  u32,
  u64,
  writeGguf,
} from "./write-gguf.ts";

const RUNS = process.env["TOKENSCOPE_LONG"] === "1" ? 10_000 : 200;
const LONGEST_MS = 600_000; // all runs together
const MOST_TIMES = 8; // bytes that may be allocated for each byte of the file
const MEASURE_BYTES = 262_144; // what the test and the error object themselves take, whatever the file

/** A file with blocks of every type in quant-blocks.json, which has ggml's. */
function everyType(): Uint8Array {
  const blocks = referenceJson<readonly { type: string; hex: string }[]>("quant-blocks.json");
  const types = Array.from({ length: 64 }, (_, ggmlType) => ggmlType);
  const tensors = blocks.map(({ type, hex }) => {
    const data = new Uint8Array(Buffer.from(hex, "hex"));
    const ggmlType = types.find((number) => blockType(number)?.name === type)!;
    const { blockBytes, blockElements } = blockType(ggmlType)!;
    const dims = [blockElements, data.length / blockBytes];
    return { name: `blocks.${type}`, dims, ggmlType, data };
  });
  expect(tensors).toHaveLength(readableTypes().length - 1); // F32 needs no reference
  const { metadata, tensors: floats } = smallModel();
  return writeGguf({ metadata, tensors: [...tensors, ...floats] }).bytes;
}

const tiny = readdirSync(referencePath("tiny")).filter((name) => name.endsWith(".gguf"));
const files = [
  everyType(),
  ...tiny.map((name) => new Uint8Array(readFileSync(referencePath(`tiny/${name}`)))),
].map((bytes) => ({ bytes, ...fieldsOf(bytes) }));

type File = Fields & { readonly bytes: Uint8Array };

/** What chance gives a mutation: two places, as shares of what there is to choose from, and a number. */
interface Draw {
  readonly at: number;
  readonly from: number;
  readonly value: bigint;
}

const share = fc.noBias(fc.nat(999_999)).map((millionths) => millionths / 1e6); // fc.double is even over floats, so mostly 0
const large = fc.constantFrom(
  ...[20n, 22n, 31n, 32n, 40n, 53n, 60n, 63n].map((bits) => 2n ** bits),
);
const draw = fc.record({ at: share, from: share, value: fc.oneof(large, fc.bigInt(0n, 300n)) });

/** Each takes the bytes as they are by now, with the places of the file that they were. */
const MUTATIONS = {
  "flip a bit": ({ bytes }: File, { at, value }: Draw) => flipped(bytes, at * bytes.length, value),
  "flip a bit of the header": ({ bytes, headerBytes }: File, { at, value }: Draw) =>
    flipped(bytes, at * headerBytes, value),
  "another number": ({ bytes, fields }: File, { at, from: which, value }: Draw) => {
    const kind = chosen(["count", "length", "dimension", "offset"] as const, which);
    const { from, to } = chosen(ofKind(fields, kind), at);
    return spliced(
      bytes,
      { from, to },
      to - from === 8 ? u64(value) : u32(Number(value % 2n ** 32n)),
    );
  },
  "another type": ({ bytes, fields }: File, { at, value }: Draw) => {
    return spliced(bytes, chosen(ofKind(fields, "type"), at), u32(Number(value % 45n)));
  },
  "another's number": ({ bytes, fields }: File, { at, from }: Draw) => {
    const to = chosen(fields, at);
    const other = chosen(fields, from);
    return spliced(bytes, to, bytes.slice(other.from, other.from + to.to - to.from));
  },
  "bytes from elsewhere": ({ bytes, headerBytes }: File, { at, from, value }: Draw) => {
    const start = Math.floor(at * headerBytes);
    const source = Math.floor(from * bytes.length);
    const length = Number(value % 64n);
    return spliced(bytes, { from: start, to: start }, bytes.slice(source, source + length));
  },
  "bytes left out": ({ bytes, headerBytes }: File, { at, value }: Draw) => {
    const from = Math.floor(at * headerBytes);
    return spliced(bytes, { from, to: from + 1 + Number(value % 64n) }, new Uint8Array());
  },
  "a tensor over another": ({ bytes, entries }: File, { at, from }: Draw) => {
    const other = chosen(entries, from);
    return spliced(bytes, chosen(entries, at), bytes.slice(other.from, other.to));
  },
  "a tensor once more": ({ bytes, entries, fields }: File, { at, from }: Draw) => {
    const after = chosen(entries, at).to;
    const other = chosen(entries, from);
    const more = spliced(bytes, { from: after, to: after }, bytes.slice(other.from, other.to));
    return spliced(more, fields[0]!, u64(entries.length + 1));
  },
  "cut short": ({ bytes }: File, { at }: Draw) => bytes.slice(0, at * bytes.length),
  "cut in the header": ({ bytes, headerBytes }: File, { at }: Draw) =>
    bytes.slice(0, at * headerBytes),
} as const;

const kinds = Object.keys(MUTATIONS) as (keyof typeof MUTATIONS)[];
const damages = fc.record({
  index: fc.nat(files.length - 1),
  mutations: fc.array(fc.tuple(fc.constantFrom(...kinds), draw), { minLength: 1, maxLength: 3 }),
});

function chosen<T>(list: readonly T[], at: number): T {
  return list[Math.floor(at * list.length)]!;
}

function ofKind(fields: readonly Field[], kind: Field["kind"]): readonly Field[] {
  return fields.filter((field) => field.kind === kind);
}

function flipped(bytes: Uint8Array, at: number, value: bigint): Uint8Array {
  const changed = bytes.slice();
  const byte = Math.floor(at);
  if (byte < changed.length) changed[byte]! ^= 1 << Number(value % 8n);
  return changed;
}

function spliced(
  bytes: Uint8Array,
  { from, to }: { readonly from: number; readonly to: number },
  by: Uint8Array,
): Uint8Array {
  return joined([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

interface Reading {
  readonly error: unknown;
  readonly readBytes: number;
  readonly allocatedBytes: number;
}

/** Reads the header and every tensor, and counts; what is allocated is a little more than the reader's, since the garbage of both is in it. */
async function reading(file: Uint8Array): Promise<Reading> {
  let readBytes = 0;
  const memory = bytesSource(file);
  const source: ByteSource = {
    byteLength: file.length,
    read(offset, length) {
      readBytes += length;
      return memory.read(offset, length);
    },
  };
  const tensors: [TensorInfo, Uint8Array][] = [];
  const before = usedBytes();
  let error: unknown;
  try {
    const gguf = await readGguf(source);
    for (const tensor of gguf.tensors.values()) {
      tensors.push([tensor, await readTensor(source, tensor)]);
    }
  } catch (reason) {
    error = reason;
  }
  const allocated = usedBytes() - before;
  checkPlaces(tensors, file.length);
  for (const [tensor, blocks] of tensors) dequantizeRows(tensor, blocks);
  return { error, readBytes, allocatedBytes: allocated };
}

/** What a file that was read promises: whole blocks, inside the file, no byte in two tensors. */
function checkPlaces(tensors: readonly (readonly [TensorInfo, Uint8Array])[], end: number): void {
  let free = 0;
  for (const [tensor, blocks] of tensors.toSorted(([a], [b]) => a.offset - b.offset)) {
    const { offset, byteLength, dims, type } = tensor;
    const elements = dims.reduce((product, dim) => product * dim, 1);
    expect(blocks.length).toBe((elements / type.blockElements) * type.blockBytes);
    expect((dims[0] ?? 0) % type.blockElements).toBe(0);
    expect(byteLength).toBe(blocks.length);
    expect(offset).toBeGreaterThanOrEqual(free);
    free = offset + byteLength;
  }
  expect(free).toBeLessThanOrEqual(end);
}

const row = new Float32Array(65_536); // a multiple of every block; of a longer row the beginning is read

function dequantizeRows({ type, dims }: TensorInfo, blocks: Uint8Array): void {
  const [length = 0, ...others] = dims;
  const width = Math.min(length, row.length);
  const rows = others.reduce((product, dim) => product * dim, 1);
  for (let i = 0; i < rows; i += 1) dequantizeRow(type, { blocks, row: i, width }, row, 0);
}

function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test(
  `${RUNS} damaged files: each reads or is a FormatError, and takes at most ${MOST_TIMES} times its bytes`,
  async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(damages, async ({ index, mutations }) => {
        const file = files[index]!;
        const bytes = mutations.reduce(
          (damaged, [kind, chance]) => MUTATIONS[kind]({ ...file, bytes: damaged }, chance),
          file.bytes,
        );
        const { error, readBytes, allocatedBytes } = await reading(bytes);
        if (error !== undefined) {
          refused += 1;
          expect(error).toBeInstanceOf(FormatError);
          expect((error as FormatError).message).toMatch(/^[^\n]{40,600}$/);
        }
        expect(readBytes).toBeLessThanOrEqual(2 * bytes.length); // at most all for the header, then all tensors
        expect(allocatedBytes).toBeLessThanOrEqual(MOST_TIMES * bytes.length + MEASURE_BYTES);
      }),
      { seed: 20_261_125, numRuns: RUNS },
    );
    expect(refused).toBeGreaterThan(RUNS / 2); // else the damage is none
    expect(refused).toBeLessThan(RUNS); // else all of it is the same
  },
  LONGEST_MS,
);

const raw = (...parts: readonly Uint8Array[]): Entry => ({
  key: "array",
  type: "raw",
  value: joined(parts),
});
const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => i.toString(36));

test.each<[string, GgufParts]>([
  [
    "one array of a million bytes",
    {
      metadata: [raw(u32(9), u32(0), u64(1e6), new Uint8Array(1e6))],
      tensors: [],
    },
  ],
  [
    "100,000 short texts",
    {
      metadata: [raw(u32(9), u32(8), u64(1e5), ...numbered(1e5).map((name) => text(name)))],
      tensors: [],
    },
  ],
  [
    "50,000 keys",
    {
      metadata: numbered(5e4).map((key) => ({
        key,
        type: "raw",
        value: joined([u32(0), Uint8Array.of(1)]),
      })),
      tensors: [],
    },
  ],
  [
    "20,000 tensors of one element",
    {
      metadata: [],
      tensors: numbered(2e4).map((name) => ({ ...floatTensor("", [1]), name })),
    },
  ],
])(`a header of nothing but %s keeps at most ${MOST_TIMES} times its bytes`, async (_, parts) => {
  const { bytes } = writeGguf(parts);
  collectGarbage();
  const before = usedBytes();
  const gguf = await readGguf(bytesSource(bytes));
  collectGarbage();
  const kept = usedBytes() - before;
  expect(gguf.tensors.size).toBe(parts.tensors.length);
  expect(kept).toBeLessThanOrEqual(MOST_TIMES * bytes.length + MEASURE_BYTES);
  expect(kept).toBeGreaterThan(bytes.length / 2); // else it was not measured
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect(); // the first one only queues the freeing of buffers
}
