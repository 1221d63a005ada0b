// One step: which token comes next under these settings. Knows no document; the draw depends on seed, position and redraw alone.

import { drawAt } from "./draw.ts";
import type { Engine, Prediction } from "./engine.ts";
import { UsageError } from "./errors.ts";
import { filterKept, keptToken } from "./kept-candidates.ts";
import { rankDraw } from "./rank-draw.ts";
import { applySettings, sampleIndex } from "./sampling.ts";
import type { SamplingSettings } from "./settings.ts";
import { type TokenId, tokenId } from "./token.ts";

export interface StepOptions {
  readonly engine: Pick<Engine, "logits" | "vocabularySize">;
  readonly prediction: Prediction;
  readonly settings: SamplingSettings;
  readonly seed: number;
  readonly position: number; // of the token to come
  readonly redraw?: number; // how often this position was drawn again, 0 unless told
}

export interface NextToken {
  readonly id: TokenId;
  readonly draw: number | null; // in [0, 1); null where greedy
  readonly origin: "greedy" | "sampled";
}

/** The next token: from the kept candidates where they determine it beyond doubt, else by one head run. Throws UsageError for a recorded prediction that does not. */
export async function nextToken(options: StepOptions): Promise<NextToken> {
  const { engine, prediction, settings, seed, position, redraw = 0 } = options;
  if (settings.temperature === 0) {
    return { id: tokenId(prediction.topIds[0] ?? 0), draw: null, origin: "greedy" };
  }
  const draw = drawAt({ seed, position, redraw });
  const kept = filterKept(prediction, settings, engine.vocabularySize);
  const id = kept && keptToken(kept, draw);
  if (id !== null) return { id, draw, origin: "sampled" };
  if (prediction.contextVector === null) {
    throw new UsageError(
      `the recorded prediction before position ${position} holds ${prediction.topIds.length} tokens, too few for the draw ${draw}; load the model to draw there`,
    );
  }
  const logits = await engine.logits(prediction.contextVector);
  return { id: tokenId(drawnId(logits, settings, draw)), draw, origin: "sampled" };
}

/** Where no filter cuts, nothing need be put in order; applySettings says what is wrong with logits that are no distribution. */
function drawnId(logits: Float32Array, settings: SamplingSettings, draw: number): number {
  const isWhole = settings.topK === 0 && settings.topP === 1 && settings.minP === 0;
  const id = isWhole ? rankDraw(logits, settings.temperature, draw) : null;
  if (id !== null) return id;
  const { ids, probs } = applySettings(logits, settings);
  return ids[sampleIndex(probs, draw)] ?? 0;
}
