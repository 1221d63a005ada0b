// An instructor's lab file: JSON with parts and questions of one's own, checked before anything of it is shown. docs/lab-file.md describes it.

import { FormatError, parseSeed, parseSettings } from "@tokenscope/core";
import * as z from "zod/mini";
import type { LabGuide, LabPart, LabQuestion } from "./lab-guide.ts";

const MAX_PARTS = 20;
const MAX_QUESTIONS = 40; // in one part
const MAX_CHARACTERS = 4000; // of one text

const text = (least: number) => {
  const words = `must be a text of ${least} to ${MAX_CHARACTERS} characters`;
  return z.string(words).check(z.minLength(least, words), z.maxLength(MAX_CHARACTERS, words));
};
const list = <T extends z.core.SomeType>(item: T, most: number, noun: string) => {
  const words = `must be a list of 1 to ${most} ${noun}`;
  return z.array(item, words).check(z.minLength(1, words), z.maxLength(most, words));
};

const QUESTION = z.union(
  [
    text(1),
    z.strictObject({
      text: text(1),
      hint: z.optional(text(0)),
      key: z.optional(text(1)),
    }),
  ],
  "must be a text, or an object with a text and, if wanted, a hint and a key",
);
const PART = z.strictObject({
  title: text(1),
  task: text(0),
  questions: list(QUESTION, MAX_QUESTIONS, "questions"),
});
const FILE = z.strictObject({
  tokenscopeLab: z.literal(1, "must be 1, the version of this format"),
  title: text(1),
  start: z.optional(
    z.strictObject({
      system: z.optional(text(0)),
      user: text(1),
      seed: z.optional(z.unknown()),
      settings: z.optional(z.record(z.string(), z.unknown(), "must be an object of settings")),
    }),
  ),
  parts: list(PART, MAX_PARTS, "parts"),
});

type File = z.infer<typeof FILE>;

/** Reads a lab file; throws FormatError that names the file and the place in it. */
export function parseLabFile(json: string, name: string): LabGuide {
  const file = checked(parsed(json, name), name);
  const parts = file.parts.map((part, i) => ({
    title: part.title,
    task: part.task,
    questions: part.questions.map((question, j) => questionOf(question, `${i + 1}.${j + 1}`)),
  }));
  const twice = firstTwice(parts);
  if (twice !== null) {
    throw problem(
      name,
      `two questions have the key "${twice}", under which answers are kept; give each its own`,
    );
  }
  return { title: file.title, parts, start: startOf(file.start, name) };
}

function parsed(json: string, name: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw problem(name, `it is not JSON (${reason})`);
  }
}

function checked(value: unknown, name: string): File {
  const result = FILE.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw problem(name, issue === undefined ? "it has another shape" : issueWords(issue));
}

/** Example: "parts[1].title must be a text of 1 to 4000 characters". */
function issueWords(issue: z.core.$ZodIssue): string {
  const place = placeWords(issue.path);
  if (issue.code === "unrecognized_keys") {
    return `${place} has the unknown name "${issue.keys.join('", "')}"; check the spelling`;
  }
  const inner = issue.code === "invalid_union" ? deepest(issue.errors) : null;
  if (inner !== null) return issueWords({ ...inner, path: [...issue.path, ...inner.path] });
  const words = issue.message.startsWith("must") ? issue.message : "must be an object";
  return `${place} ${words}`;
}

/** Of the ways a question may be written, what was wrong within the one that was meant. */
function deepest(ways: readonly (readonly z.core.$ZodIssue[])[]): z.core.$ZodIssue | null {
  const inside = ways.flat().find(({ path, code }) => path.length > 0 || code === "too_big");
  return inside ?? ways.flat().find(({ code }) => code === "unrecognized_keys") ?? null;
}

function placeWords(path: readonly PropertyKey[]): string {
  const words = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`));
  return words.length === 0 ? "the file" : words.join("").replace(/^\./, "");
}

function questionOf(question: z.infer<typeof QUESTION>, number: string): LabQuestion {
  if (typeof question === "string") return { key: number, text: question, hint: "" };
  return { key: question.key ?? number, text: question.text, hint: question.hint ?? "" };
}

function firstTwice(parts: readonly LabPart[]): string | null {
  const keys = parts.flatMap((part) => part.questions.map(({ key }) => key));
  return keys.find((key, i) => keys.indexOf(key) !== i) ?? null;
}

function startOf(start: File["start"], name: string): LabGuide["start"] {
  if (start === undefined) return null;
  const { system = "", user, seed, settings } = start;
  try {
    return {
      system,
      user,
      seed: seed === undefined ? null : parseSeed(seed),
      settings: settings === undefined ? null : parseSettings(settings),
    };
  } catch (error) {
    throw problem(name, `start: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function problem(name: string, words: string): FormatError {
  return new FormatError(`The lab file ${name} cannot be used: ${words}.`);
}
