// A text in the toy: scored tokens, each with the streams that later positions read. No cache but these.

import type { AppendOptions, Inside, Inspection, ScoredToken } from "../engine.ts";
import { UsageError } from "../errors.ts";
import { predictionFromLogits } from "../prediction.ts";
import type { TokenId } from "../token.ts";
import { toyContext, toyLogits, toyScore } from "./toy-head.ts";
import { TOY_LAYERS, type ToyPosition, toyAttention, toyPosition } from "./toy-layers.ts";
import { TOY_VOCABULARY } from "./toy-tokenizer.ts";

/** What sequences and batches of a toy engine share. */
export interface ToyParts {
  readonly contextLength: number;
  readonly onRun: () => void;
}

const positions = new WeakMap<ScoredToken, ToyPosition>();

/** The text with one more token. */
export function withToken(
  text: readonly ScoredToken[],
  id: TokenId,
  options: AppendOptions,
): readonly ScoredToken[] {
  const lastToken = text.at(-1);
  const before = lastToken && positionOf(lastToken);
  const place = { position: text.length, before };
  const position = toyPosition(place, id, options.patches ?? []);
  const last = lastToken?.prediction.contextVector;
  const score = last ? toyScore(toyLogits(last), id) : null;
  const contextVector = toyContext(position.streams.at(-1) ?? new Float32Array());
  const prediction = predictionFromLogits(toyLogits(contextVector), contextVector);
  const inside = insideOf(options.inspect, position, text.length);
  const scored = { id, score, prediction, ...(inside && { inside }) };
  positions.set(scored, position);
  return [...text, scored];
}

/** Throws UsageError for an id outside the toy's vocabulary, and where these ids do not fit behind the text. */
export function checkIds(
  ids: readonly TokenId[],
  text: readonly ScoredToken[],
  contextLength: number,
): void {
  const unknown = ids.find((id) => id >= TOY_VOCABULARY);
  if (unknown !== undefined) {
    throw new UsageError(`toy: token id ${unknown} is not in the vocabulary of ${TOY_VOCABULARY}`);
  }
  const room = contextLength - text.length;
  if (ids.length <= room) return;
  throw new UsageError(
    `toy: ${ids.length} tokens do not fit; ${room} of ${contextLength} positions are free; shorten the text`,
  );
}

function positionOf(token: ScoredToken): ToyPosition {
  const position = positions.get(token);
  if (position === undefined) throw new RangeError("toy: a token that no toy engine has scored");
  return position;
}

function insideOf(
  inspect: Inspection | undefined,
  { streams }: ToyPosition,
  position: number,
): Inside | null {
  if (!inspect?.positions.includes(position)) return null;
  const isWanted = (layer: number) =>
    inspect.attention?.some((each) => each.layer === layer && each.heads?.length !== 0) ?? false;
  const layers = Array.from({ length: TOY_LAYERS }, (_, layer) => layer);
  return {
    residuals: inspect.residuals ? streams.slice(1).map((stream) => stream.slice()) : [],
    attention: layers.filter(isWanted).map((layer) => toyAttention(layer, position)),
  };
}
