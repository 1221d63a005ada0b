import { expect, test } from "vitest";
import { rotaryTable } from "../src/rotary.ts";

const plain = rotaryTable({ headWidth: 4, base: 10_000, divisor: 1 });

test("pair i of D/2 turns by position x base^(-2i/D)", () => {
  const { cosines, sines } = plain(3, 1); // 10,000^0 = 1 and 10,000^(-1/2) = 0.01
  expect([...cosines]).toEqual([Math.cos(3), Math.cos(0.03)].map(Math.fround));
  expect([...sines]).toEqual([Math.sin(3), Math.sin(0.03)].map(Math.fround));
});

test("linear scaling by 4 turns position 4 p as far as position p", () => {
  const scaled = rotaryTable({ headWidth: 4, base: 10_000, divisor: 4 });
  expect(scaled(12, 1)).toEqual(plain(3, 1));
});

test("a factor divides its own pair's frequency", () => {
  const factors = Float32Array.of(1, 2);
  const { sines } = rotaryTable({ headWidth: 4, base: 10_000, divisor: 1, factors })(3, 1);
  expect([...sines]).toEqual([Math.sin(3), Math.sin(0.015)].map(Math.fround));
});
