import { expect, test } from "vitest";
import { msPerToken, withTokenTime } from "../src/store/token-speed.ts";

const timesOf = (all: readonly number[]) => all.reduce(withTokenTime, [] as readonly number[]);

test("tokens one by one: their time", () => {
  expect(msPerToken(timesOf(Array.from({ length: 40 }, () => 42)))).toBe(42);
  expect(msPerToken(timesOf([30, 50]))).toBe(40);
});

test("bursts do not matter: 100 tokens in 3.5 s are 35 ms a token, however they come", () => {
  for (const burst of [1, 4, 20, 50]) {
    const gaps = Array.from({ length: 100 }, (_, i) => (i % burst === 0 ? 35 * burst : 0));
    expect(msPerToken(timesOf(gaps))).toBeCloseTo(35, 0);
  }
});

test("the last tokens count, not those long before", () => {
  const slowThenFast = [
    ...Array.from({ length: 50 }, () => 500),
    ...Array.from({ length: 50 }, () => 40),
  ];
  expect(msPerToken(timesOf(slowThenFast))).toBe(40);
});

test("where no time has passed there is no speed", () => {
  expect(msPerToken([])).toBeNull();
  expect(msPerToken([0, 0, 0])).toBeNull();
});
