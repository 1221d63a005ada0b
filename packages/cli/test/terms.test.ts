import { UsageError } from "@tokenscope/core";
import { DEFAULT_MODEL_ID, modelEntry } from "@tokenscope/models";
import { expect, test } from "vitest";
import { acceptTerms } from "../src/terms.ts";
import type { Output } from "../src/world.ts";

const GEMMA = modelEntry("gemma-3-270m-q4_k_m");

/** Runs the question with this answer; gives what was shown before it was asked, and asked. */
async function asked(answer: string, entry = GEMMA) {
  const written: string[] = [];
  const stderr: Output = {
    isTerminal: true,
    columns: 80,
    write: async (text) => {
      written.push(text);
    },
  };
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return answer;
  };
  const refusal = await acceptTerms(entry, false, { stderr, ask }).catch((error: unknown) => error);
  return { shown: written.join(""), questions, refusal };
}

test("the terms are shown before the question", async () => {
  const { shown, questions } = await asked("y");
  expect(shown).toBe(
    `Gemma 3 270M (base) has terms of its own: Gemma Terms of Use\n${GEMMA.terms?.urls.join("\n")}\n${GEMMA.terms?.summary}\n`,
  );
  expect(questions).toEqual(["Do you accept these terms, and fetch 253.1 MB? [y/N] "]);
});

test.each(["y", "Y", "yes", " Yes "])("%j accepts", async (answer) => {
  expect((await asked(answer)).refusal).toBeUndefined();
});

test.each(["", "n", "no", "yet", "maybe y"])("%j does not", async (answer) => {
  expect((await asked(answer)).refusal).toEqual(
    new UsageError('the terms of "gemma-3-270m-q4_k_m" were not accepted, so nothing was fetched'),
  );
});

test("a model without terms is fetched without a word", async () => {
  expect(await asked("", modelEntry(DEFAULT_MODEL_ID))).toEqual({
    shown: "",
    questions: [],
    refusal: undefined,
  });
});
