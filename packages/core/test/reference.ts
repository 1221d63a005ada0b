// Reading fixtures/reference/stats: its stand-ins for numbers that JSON cannot hold, and its tolerance.

import { expect } from "vitest";
import { referenceJson } from "../../../fixtures/index.ts";

export type JsonNumber = number | "Infinity" | "-Infinity" | "NaN";

export interface Case<Input, Expected> {
  readonly input: Input;
  readonly expected: Expected;
  readonly note?: string;
}

/** The cases of one topic. */
export function statsCases<Input, Expected>(topic: string): readonly Case<Input, Expected>[] {
  return referenceJson<readonly Case<Input, Expected>[]>(`stats/${topic}.json`);
}

/** Relative 1e-9 or absolute 1e-12, whichever is looser: the rule of the fixtures' README. */
export function expectNear(actual: number | null, expected: JsonNumber | null): void {
  if (expected === null || actual === null) {
    expect(actual).toBe(expected);
    return;
  }
  const wanted = Number(expected);
  if (!Number.isFinite(wanted)) expect(actual).toBe(wanted);
  else
    expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(Math.max(1e-12, 1e-9 * Math.abs(wanted)));
}

/** expectNear over arrays of one length. */
export function expectAllNear(
  actual: ArrayLike<number> | null,
  expected: readonly JsonNumber[] | null,
): void {
  if (expected === null || actual === null) {
    expect(actual).toBe(expected);
    return;
  }
  expect(actual.length).toBe(expected.length);
  for (const [i, wanted] of expected.entries()) expectNear(actual[i] ?? Number.NaN, wanted);
}
