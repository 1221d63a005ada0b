import fc from "fast-check";
import { expect, test } from "vitest";
import { stopWatch } from "../src/index.ts";

function shown(stops: readonly string[], pieces: readonly string[]) {
  const watch = stopWatch(stops);
  let text = "";
  for (const piece of pieces) {
    const next = watch.push(piece);
    text += next.text;
    if (next.stop !== null) return { text, stop: next.stop };
  }
  return { text: text + watch.end(), stop: null };
}

test("a stop text is found across pieces and not shown", () => {
  const watch = stopWatch(["bc"]);
  expect(watch.push("ab")).toEqual({ text: "a", stop: null }); // b may be its beginning
  expect(watch.push("cd")).toEqual({ text: "", stop: "bc" });
  expect(watch.push("more")).toEqual({ text: "", stop: "bc" });
  expect(watch.end()).toBe("");
});

test("what only looked like a beginning is shown after all", () => {
  expect(shown(["</end>"], ["a <", "/e", "nough"])).toEqual({ text: "a </enough", stop: null });
});

test("of several stop texts the one that begins first counts", () => {
  expect(shown(["d", "bcd"], ["ab", "cd"])).toEqual({ text: "a", stop: "bcd" });
});

test("whatever the pieces, the text ends before the first stop text", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 4 });
  const stops = fc.array(
    word.filter(({ length }) => length > 0),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(stops, fc.array(word, { maxLength: 12 }), (texts, pieces) => {
      const whole = pieces.join("");
      const { text, stop } = shown(texts, pieces);
      if (stop === null) {
        expect(text).toBe(whole);
        expect(texts.filter((each) => whole.includes(each))).toEqual([]);
      } else {
        expect(whole.startsWith(text + stop)).toBe(true);
        expect(texts.filter((each) => text.includes(each))).toEqual([]);
      }
    }),
  );
});
