import { expect, test } from "vitest";
import { GREEDY, parseSeed, parseSettings, RAW, UsageError } from "../src/index.ts";

test("absent settings are the defaults", () => {
  expect(parseSettings({})).toEqual(GREEDY);
  expect(parseSettings({ topK: 5 }, RAW)).toEqual({ ...RAW, topK: 5 });
});

test.each([
  [{ temperature: -1 }, /temperature -1 is not allowed; give a number from 0 to 100/],
  [{ temperature: Number.NaN }, /temperature NaN/],
  [{ temperature: "hot" }, /temperature "hot"/],
  [{ topK: 1.5 }, /top-k 1.5 is not allowed; give a whole number from 0/],
  [{ topP: 0 }, /top-p 0 is not allowed; give a number above 0, at most 1/],
  [{ minP: 1.01 }, /min-p 1.01/],
  [{ temprature: 1 }, /"temprature" is unknown; known are temperature, topK, topP, minP/],
])("%j is refused in one sentence", (input, sentence) => {
  expect(() => parseSettings(input)).toThrow(UsageError);
  expect(() => parseSettings(input)).toThrow(sentence);
});

test("the limits themselves are allowed", () => {
  const settings = { temperature: 100, topK: 0, topP: 1, minP: 1 };
  expect(parseSettings(settings)).toEqual(settings);
});

test("a seed is any whole number that a float64 holds exactly", () => {
  expect(parseSeed(-376)).toBe(-376);
  expect(Object.is(parseSeed(-0), 0)).toBe(true);
  for (const seed of [0.5, 2 ** 53, "1", null]) expect(() => parseSeed(seed)).toThrow(UsageError);
});
