// Answers as a file brings them: checked, then joined with those on the page so that neither loses a word.

import { FormatError, type TokenId } from "@tokenscope/core";
import * as z from "zod/mini";
import type { Lab, LabAnswer, LabSheet } from "../store/lab.ts";
import { type Attachment, isSamePlace } from "./lab-attachment.ts";

const number = z.number("must be a number");
const words = z.string("must be a text");
const hex = z.string("must be bytes in hexadecimal").check(z.regex(/^([0-9a-f]{2})*$/));
const id = z.pipe(
  z.int("must be a token id").check(z.nonnegative()),
  z.transform((value) => value as TokenId),
);

const TOKEN = z.strictObject({
  id,
  origin: z.enum(["template", "typed", "greedy", "sampled", "chosen", "forced"]),
  turn: z.int(),
  role: words,
  part: z.enum(["open", "content", "close"]),
  bytes: hex,
  isSpecial: z.boolean(),
  logprobNats: z.nullable(number),
  rank: z.nullable(number),
});
const ATTACHMENT = z.strictObject({
  branch: z.strictObject({ key: number, name: words }),
  kind: z.enum(["position", "span", "next"]),
  from: z.int().check(z.nonnegative()),
  to: z.int().check(z.nonnegative()),
  ids: z.array(id),
  tokens: z.array(TOKEN),
  candidates: z.array(z.strictObject({ id, bytes: hex, logprobNats: number })),
  vocabularySize: number,
  sha256: z.nullable(words),
  conditions: words,
});
const SETTINGS = z.strictObject({ temperature: number, topK: number, topP: number, minP: number });
const GUIDE = z.strictObject({
  title: words,
  start: z.nullable(
    z.strictObject({
      system: words,
      user: words,
      seed: z.nullable(number),
      settings: z.nullable(SETTINGS),
    }),
  ),
  parts: z.array(
    z.strictObject({
      title: words,
      task: words,
      questions: z.array(z.strictObject({ key: words, text: words, hint: words })),
    }),
  ),
});
const LAB = z.strictObject({
  guide: z.nullable(GUIDE),
  guideUrl: z.nullable(words),
  openPart: z.nullable(number),
  author: words,
  sheets: z.record(
    words,
    z.record(words, z.strictObject({ text: words, attachments: z.array(ATTACHMENT) })),
  ),
});

/** The lab's part of a conversation's file; throws FormatError that names the place. */
export function parseLab(value: unknown): Lab {
  const result = LAB.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.map(String).join(".") ?? "";
  const what = issue?.message.startsWith("must") ? issue.message : "has another shape";
  throw new FormatError(
    `The lab answers in this file cannot be used: lab${place === "" ? "" : `.${place}`} ${what}; the conversation itself is open.`,
  );
}

/** Both together. Where both answer one question in other words, the file's answer stands under the page's own. */
export function joinedLabs(own: Lab, other: Lab): Lab {
  const titles = new Set([...Object.keys(own.sheets), ...Object.keys(other.sheets)]);
  const sheets = Array.from(titles, (title): [string, LabSheet] => [
    title,
    joinedSheets(own.sheets[title] ?? {}, other.sheets[title] ?? {}),
  ]);
  const isUntouched = own.guide === null && Object.keys(own.sheets).length === 0;
  return {
    ...(isUntouched ? other : own),
    author: own.author === "" ? other.author : own.author,
    sheets: Object.fromEntries(sheets),
  };
}

function joinedSheets(own: LabSheet, other: LabSheet): LabSheet {
  const added = Object.entries(other).map(([key, theirs]): [string, LabAnswer] => {
    const ours = own[key];
    return [key, ours === undefined ? theirs : joinedAnswers(ours, theirs)];
  });
  return { ...own, ...Object.fromEntries(added) };
}

function joinedAnswers(own: LabAnswer, other: LabAnswer): LabAnswer {
  const isKnown = (attachment: Attachment): boolean =>
    own.attachments.some((mine) => isSamePlace(mine, attachment));
  const text = own.text.includes(other.text)
    ? own.text
    : other.text.includes(own.text)
      ? other.text
      : `${own.text}\n\n${other.text}`;
  const attachments = [...own.attachments, ...other.attachments.filter((one) => !isKnown(one))];
  return { text, attachments };
}
