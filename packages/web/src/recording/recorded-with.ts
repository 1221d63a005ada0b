// What the recorded example was written with; scripts/record-example.ts writes it so again.

import type { SamplingSettings } from "@tokenscope/core";
import type { AppState } from "../store/state.ts";

interface WrittenWith {
  readonly settings: SamplingSettings;
  readonly seed: number;
}

/** The example's own: of the first 24 seeds, the one whose story is short, whole, and ends in the model's own stop token. */
export const RECORDED_WITH: WrittenWith = {
  settings: { temperature: 0.7, topK: 0, topP: 0.9, minP: 0 },
  seed: 3,
};

/** What the conversation on screen was written with: the example's own while it stands as it was recorded, else the page's. */
export function writtenWith({
  isRecording,
  settings,
  seed,
}: Pick<AppState, "isRecording" | "settings" | "seed">): WrittenWith {
  return isRecording ? RECORDED_WITH : { settings, seed };
}
