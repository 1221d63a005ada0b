import { FormatError, formatSessionFile } from "@tokenscope/core";
import { expect, test } from "vitest";
import { answerTo, FIRST_LAB, type Lab, labForFile, sheetOf } from "../src/store/lab.ts";
import { joinedLabs, parseLab } from "../src/views/lab-answers.ts";
import { sessionOf } from "../src/views/session.ts";
import { openPage, textOf } from "./store-model.ts";

const EMPTY = FIRST_LAB.lab;

function labOf(text: string, part: Partial<Lab> = {}): Lab {
  return { ...EMPTY, sheets: { "": { "1.1": { text, attachments: [] } } }, ...part };
}

const textIn = (lab: Lab) => answerTo(sheetOf(lab), "1.1").text;

test("a conversation's file carries the answers to another page, with what is attached to them", async () => {
  const page = await openPage("Hi");
  page.actions.setLabAuthor("Ada");
  page.actions.setLabAnswer("1.1", "Here");
  page.actions.selectSpan({ from: 2, to: 4 });
  page.actions.attachSelection("1.1");
  const session = sessionOf(page.state());
  if (session === null) throw new Error("there is no conversation");
  const file = formatSessionFile({ ...session, lab: labForFile(page.state().lab) });

  const other = await openPage();
  await other.actions.openText(file);
  await other.quiet();
  expect(other.state().problem).toBeNull();
  expect(JSON.stringify(other.state().lab)).toBe(JSON.stringify(page.state().lab));
  const [attachment] = answerTo(sheetOf(other.state().lab), "1.1").attachments;
  if (attachment === undefined) throw new Error("nothing came with the answer");
  other.actions.goToAttachment(attachment);
  expect(textOf(other.state())).toBe(textOf(page.state()));
  expect(other.state()).toMatchObject({ position: 2, span: { from: 2, to: 4 }, problem: null });
});

test("a page without answers carries none", () => {
  expect(labForFile(EMPTY)).toBeNull();
});

test("answers in other words stand under each other, and what one says already is not said twice", () => {
  expect(textIn(joinedLabs(labOf("mine"), labOf("theirs")))).toBe("mine\n\ntheirs");
  expect(textIn(joinedLabs(labOf("mine, longer"), labOf("mine")))).toBe("mine, longer");
  expect(textIn(joinedLabs(labOf("mine"), labOf("mine, longer")))).toBe("mine, longer");
  expect(textIn(joinedLabs(EMPTY, labOf("theirs")))).toBe("theirs");
});

test("joining the same file twice changes nothing more", () => {
  const once = joinedLabs(labOf("mine"), labOf("theirs"));
  expect(joinedLabs(once, labOf("theirs"))).toEqual(once);
});

test("the guide of a page that is being answered stays, and the name too", () => {
  const guide = { title: "Own", start: null, parts: [] };
  const joined = joinedLabs(
    labOf("mine", { author: "Ada" }),
    labOf("theirs", { guide, author: "B" }),
  );
  expect(joined).toMatchObject({ guide: null, author: "Ada" });
  expect(joinedLabs(EMPTY, labOf("theirs", { guide })).guide).toEqual(guide);
});

test.each([
  ["something else", [], /lab has another shape/],
  ["a text that is none", { ...EMPTY, author: 3 }, /lab\.author must be a text/],
  [
    "bytes that are none",
    labWith({ bytes: "zz" }),
    /lab\.sheets\.\.1\.1\.attachments\.0\.candidates\.0\.bytes/,
  ],
])("%s is refused with its place", (_name, value, words) => {
  expect(() => parseLab(value)).toThrow(FormatError);
  expect(() => parseLab(value)).toThrow(words);
});

function labWith(candidate: object): unknown {
  const attachment = {
    branch: { key: 0, name: "main" },
    kind: "next",
    from: 1,
    to: 1,
    ids: [0],
    tokens: [],
    candidates: [{ id: 1, bytes: "20", logprobNats: -1, ...candidate }],
    vocabularySize: 8,
    sha256: null,
    conditions: "",
  };
  return { ...EMPTY, sheets: { "": { "1.1": { text: "", attachments: [attachment] } } } };
}
