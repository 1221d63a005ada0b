import { parseEditableText, type TokenId, textEdit } from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadTokenizer } from "../src/index.ts";
import { smollm2Metadata } from "./models.ts";

const smollm2 = loadTokenizer({ name: "SmolLM2", metadata: smollm2Metadata() });

const after = (old: readonly TokenId[], text: string): readonly TokenId[] => {
  const runs = parseEditableText(text, smollm2.vocabulary);
  const { from, to, ids } = textEdit(old, runs, smollm2);
  return old.toSpliced(from, to - from, ...ids);
};

const word = fc.constantFrom(
  "the",
  "dragon",
  "tokenization",
  "été",
  "🐉",
  "co-op",
  "isn't",
  "2,048",
);

test("in SmolLM2's vocabulary a word put in place of another gives the tokens of the whole text, and no other word is written again", () => {
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 12 }),
      fc.nat(11),
      word,
      (words, at, put) => {
        const old = smollm2.encode(words.join(" "));
        const changed = words.with(Math.min(at, words.length - 1), put).join(" ");
        expect(after(old, changed)).toEqual(smollm2.encode(changed));
      },
    ),
    { seed: 376, numRuns: 200 },
  );
});

test("an s put behind ' cat' gives the one token ' cats', and behind ' c' 'at', forced apart, ' cats' too; the rest stays apart", () => {
  const [c, at, sat] = [" c", "at", " sat"].flatMap((text) => smollm2.encode(text));
  const [cats] = smollm2.encode(" cats");
  const forced = [c, at, sat, c, at] as TokenId[];
  expect(smollm2.encode(" cat sat cat").length).toBe(3);
  expect(after(forced, " cats sat cat")).toEqual([cats, sat, c, at]);
  expect(after(forced, " cat sat cats")).toEqual([c, at, sat, cats]);
});

test("a typed marker stays characters between real ones", () => {
  const im = smollm2.encode("<|im_end|>", { parseSpecial: true });
  expect(im.length).toBe(1);
  const edited = after(im, "⟦<|im_end|>⟧<|im_end|>");
  expect(edited[0]).toBe(im[0]);
  expect(edited.slice(1)).toEqual(smollm2.encode("<|im_end|>"));
  expect(edited.length).toBeGreaterThan(2);
});
