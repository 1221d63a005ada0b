import { readFileSync } from "node:fs";
import { FormatError } from "@tokenscope/core";
import { expect, test } from "vitest";
import { parseLabFile } from "../src/views/lab-file.ts";

const SMALLEST = {
  tokenscopeLab: 1,
  title: "Bits",
  parts: [{ title: "One", task: "Look.", questions: ["Why?"] }],
};

const read = (file: unknown) => parseLabFile(JSON.stringify(file), "bits.json");
const withParts =
  (...parts: readonly unknown[]) =>
  () =>
    read({ ...SMALLEST, parts });
const part = (...questions: readonly unknown[]) => ({ ...SMALLEST.parts[0], questions });

test("a question that is a text alone is kept under its number", () => {
  expect(read(SMALLEST)).toEqual({
    title: "Bits",
    start: null,
    parts: [{ title: "One", task: "Look.", questions: [{ key: "1.1", text: "Why?", hint: "" }] }],
  });
});

test("a question may have a hint and a key of its own", () => {
  const { parts } = read({
    ...SMALLEST,
    parts: [part({ text: "Why?", hint: "There.", key: "why" }, "How?")],
  });
  expect(parts[0]?.questions).toEqual([
    { key: "why", text: "Why?", hint: "There." },
    { key: "1.2", text: "How?", hint: "" },
  ]);
});

test("a start has a prompt, a seed and settings, absent ones off", () => {
  const start = { user: "Tell me.", seed: 7, settings: { temperature: 0.8 } };
  expect(read({ ...SMALLEST, start }).start).toEqual({
    system: "",
    user: "Tell me.",
    seed: 7,
    settings: { temperature: 0.8, topK: 0, topP: 1, minP: 0 },
  });
});

test.each([
  ["text that is no JSON", () => parseLabFile("{", "bits.json"), /bits\.json .*not JSON/],
  ["no object", () => read([]), /the file must be an object/],
  ["another version", () => read({ ...SMALLEST, tokenscopeLab: 2 }), /tokenscopeLab must be 1/],
  ["an unknown name", () => read({ ...SMALLEST, tittle: "x" }), /unknown name "tittle"/],
  ["no title", () => read({ ...SMALLEST, title: "" }), /title must be a text of 1 to/],
  ["no parts", withParts(), /parts must be a list of 1 to 20 parts/],
  [
    "a part without a title",
    withParts({ ...part("Why?"), title: 3 }),
    /parts\[0\]\.title must be a text/,
  ],
  ["an empty question", withParts(part("Why?"), part("")), /parts\[1\]\.questions\[0\] must be/],
  [
    "a question without a text",
    withParts(part({ hint: "x" })),
    /parts\[0\]\.questions\[0\]\.text must be a text/,
  ],
  [
    "a misspelt name in a question",
    withParts(part({ text: "x", hnt: "y" })),
    /questions\[0\] has the unknown name "hnt"/,
  ],
  ["one key twice", withParts(part({ text: "a", key: "k" }, { text: "b", key: "k" })), /key "k"/],
  [
    "a temperature below 0",
    () => read({ ...SMALLEST, start: { user: "x", settings: { temperature: -1 } } }),
    /start: temperature -1 is not allowed/,
  ],
  [
    "a misspelt setting",
    () => read({ ...SMALLEST, start: { user: "x", settings: { temprature: 1 } } }),
    /start: setting "temprature" is unknown/,
  ],
  [
    "a seed that is no whole number",
    () => read({ ...SMALLEST, start: { user: "x", seed: 0.5 } }),
    /start: seed 0.5 is not a whole number/,
  ],
])("%s is refused with its place", (_name, act, words) => {
  expect(act).toThrow(FormatError);
  expect(act).toThrow(words);
});

test("the example in the page's folder can be used", () => {
  const json = readFileSync(new URL("../public/labs/example.json", import.meta.url), "utf8");
  expect(parseLabFile(json, "example.json").parts.length).toBeGreaterThan(1);
});
