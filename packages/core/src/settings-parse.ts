// Settings and seeds as people type them, checked once at the edge.

import { UsageError } from "./errors.ts";
import { GREEDY, type SamplingSettings } from "./settings.ts";

const MAX_TEMPERATURE = 100; // at 100 every model is all but uniform; a larger number is a slip, not a wish

interface Range {
  readonly label: string;
  readonly allowed: string;
  readonly remedy: string;
  readonly isAllowed: (value: number) => boolean;
}

const RANGES: { readonly [name in keyof SamplingSettings]: Range } = {
  temperature: {
    label: "temperature",
    allowed: `a number from 0 to ${MAX_TEMPERATURE}`,
    remedy: "0 is greedy and 1 is the model's own distribution",
    isAllowed: (value) => value >= 0 && value <= MAX_TEMPERATURE,
  },
  topK: {
    label: "top-k",
    allowed: "a whole number from 0",
    remedy: "0 turns it off",
    isAllowed: (value) => Number.isSafeInteger(value) && value >= 0,
  },
  topP: {
    label: "top-p",
    allowed: "a number above 0, at most 1",
    remedy: "1 turns it off",
    isAllowed: (value) => value > 0 && value <= 1,
  },
  minP: {
    label: "min-p",
    allowed: "a number from 0 to 1",
    remedy: "0 turns it off",
    isAllowed: (value) => value >= 0 && value <= 1,
  },
};

/** Checks settings (absent ones from `defaults`); throws UsageError for an unknown name or a value out of range. */
export function parseSettings(
  input: Readonly<Record<string, unknown>>,
  defaults: SamplingSettings = GREEDY,
): SamplingSettings {
  for (const name of Object.keys(input)) {
    if (!Object.hasOwn(RANGES, name)) {
      const known = Object.keys(RANGES).join(", ");
      throw new UsageError(`setting "${name}" is unknown; known are ${known}; check the spelling`);
    }
  }
  return {
    temperature: settingOf("temperature", input, defaults),
    topK: settingOf("topK", input, defaults),
    topP: settingOf("topP", input, defaults),
    minP: settingOf("minP", input, defaults),
  };
}

/** Checks a seed: any whole number that a float64 holds exactly; throws UsageError. */
export function parseSeed(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value + 0; // -0 + 0 is 0
  throw new UsageError(
    `seed ${shown(value)} is not a whole number between -(2^53 - 1) and 2^53 - 1; give one such as 376`,
  );
}

function settingOf(
  name: keyof SamplingSettings,
  input: Readonly<Record<string, unknown>>,
  defaults: SamplingSettings,
): number {
  const value = input[name];
  if (value === undefined) return defaults[name];
  const { label, allowed, remedy, isAllowed } = RANGES[name];
  if (typeof value === "number" && isAllowed(value)) return value;
  throw new UsageError(`${label} ${shown(value)} is not allowed; give ${allowed} (${remedy})`);
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}
