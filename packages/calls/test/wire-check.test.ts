import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeValue, encodeValue } from "../src/wire.ts";
import { checkStructure } from "../src/wire-check.ts";

test("whatever the encoder writes is whole, and no longer so with a byte less or more", () => {
  fc.assert(
    fc.property(fc.anything({ withMap: false, withBigInt: false }), (value) => {
      let bytes: Uint8Array;
      try {
        bytes = encode(value, { ignoreUndefined: true });
      } catch {
        return; // what the format does not know
      }
      checkStructure(bytes);
      expect(() => checkStructure(bytes.subarray(0, -1))).toThrow(RangeError);
      expect(() => checkStructure(Uint8Array.of(...bytes, 0xc0))).toThrow(RangeError);
    }),
  );
});

test("typed arrays, maps and long values pass, and come back", () => {
  const value = {
    vector: Float32Array.from({ length: 70_000 }, (_, i) => i),
    redraws: new Map([[3, 1]]),
    ids: Array.from({ length: 70_000 }, (_, i) => i * 1000),
    text: "é".repeat(40_000),
    floats: [0.5, -1e300, 2 ** 40, -(2 ** 40)],
  };
  expect(decodeValue(encodeValue(value))).toEqual(value);
});

test("a few bytes that claim millions of entries are refused before room is made for them", () => {
  const header = [0xdd, 0x01, 0xf7, 0x8a, 0x40]; // an array of 33,000,000
  const bomb = Uint8Array.from({ length: 200 }, (_, i) => header[i % 5] ?? 0);
  expect(() => decodeValue(bomb)).toThrow(/33000000 entries in 195 bytes/);
  const inMap = Uint8Array.of(0xc7, 5, 4, ...header); // as a map of ours
  expect(() => decodeValue(inMap)).toThrow(RangeError);
});

test("values nested deeper than any of ours are refused", () => {
  const nested = (depth: number) =>
    Uint8Array.from({ length: depth + 1 }, (_, i) => (i < depth ? 0x91 : 0xc0));
  checkStructure(nested(60));
  expect(() => checkStructure(nested(100_000))).toThrow(/deeper than 64/);
});
