import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeMessages, decodeValue, encodeValue } from "../src/index.ts";

const leaf = fc.oneof(
  fc.double().map((value) => value + 0), // a number that is whole travels as an integer, and these know no negative zero
  fc.integer(),
  fc.string({ unit: "grapheme" }),
  fc.boolean(),
  fc.constant(null),
  fc.float32Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.uint8Array(),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("tree")),
    fc.dictionary(fc.string(), tie("tree"), { noNullPrototype: true }),
    fc.array(fc.tuple(fc.integer(), tie("tree"))).map((pairs) => new Map(pairs)),
  ),
}));

test("what the calls carry comes back as it was: numbers, typed arrays, maps, texts, nested", () => {
  fc.assert(
    fc.property(tree, (value) => {
      expect(decodeValue(encodeValue(value))).toEqual(value);
    }),
  );
});

test("numbers are exact: minus infinity, and float32 bit for bit, negative zero too", () => {
  const logprobs = Float32Array.of(Number.NEGATIVE_INFINITY, -0, 1e-45, 3.4e38);
  const back = decodeValue(encodeValue({ x: Number.NEGATIVE_INFINITY, logprobs }));
  expect(back).toEqual({ x: Number.NEGATIVE_INFINITY, logprobs });
});

test("a field that is undefined is left out, as in JSON", () => {
  expect(decodeValue(encodeValue({ a: 1, b: undefined }))).toEqual({ a: 1 });
});

test("messages come one by one, however the bytes were cut", async () => {
  const messages = [
    { kind: "event", event: Float32Array.of(1, 2) },
    { kind: "done", result: null },
  ];
  const bytes = Buffer.concat(messages.map(encodeValue));
  for (const size of [1, 3, 7, bytes.length]) {
    const found: unknown[] = [];
    for await (const message of decodeMessages(pieces(bytes, size))) found.push(message);
    expect(found).toEqual(messages);
  }
});

test("a message that a stream ends within never comes, and bytes of a part are refused", async () => {
  const bytes = encodeValue({ kind: "event", event: "a long text" });
  const found: unknown[] = [];
  const cut = pieces(Buffer.concat([bytes, bytes.subarray(0, -3)]), 4);
  for await (const message of decodeMessages(cut)) found.push(message);
  expect(found).toHaveLength(1);
  expect(() => decodeValue(bytes.subarray(0, -3))).toThrow(RangeError);
});

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
