// The place on screen: the position shown, the token that stands there, and the prediction it was drawn from.

import type {
  NodeId,
  Prediction,
  SamplingSettings,
  SettingsView,
  TokenNode,
  TokenScore,
  Vocabulary,
} from "@tokenscope/core";
import { drawAt, RAW, settingsViewFromTop, type TokenId, tokenId } from "@tokenscope/core";
import type { AppState, SettledPosition } from "../store/state.ts";
import { activeDocumentPath, type DocumentPath, type Scores } from "./path.ts";

/** One position. `token` is null at "next"; `prediction` is null at position 0 and where nothing is scored yet. */
export interface Place {
  readonly position: number;
  readonly token: { readonly node: TokenNode; readonly score: TokenScore | null } | null;
  /** The node before the position: the end of the context. */
  readonly contextNode: NodeId | null;
  readonly prediction: Prediction | null;
}

/** What a position shows: raw probabilities always, those after settings where they are known. */
export interface PlaceViews {
  readonly raw: SettingsView;
  readonly after: SettingsView | null;
  /** How many tokens the settings keep, whichever view is shown; null where only the head could tell. */
  readonly keptCount: number | null;
  /** The view in force, which a draw follows. */
  readonly inForce: SettingsView | null;
  readonly settings: SamplingSettings;
  /** What Step and Generate follow, whichever view is shown. */
  readonly stepSettings: SamplingSettings;
  readonly draw: number;
  /** The token of the draw as the head settled it; null where only the listed candidates can tell. */
  readonly settledHit: SettledPosition["hitId"];
}

/** The place of a position on a path. */
export function placeAt(path: DocumentPath, scores: Scores, position: number): Place {
  const node = path.nodes[position];
  const id = path.ids[position];
  const score = id === undefined ? null : (scores.get(id)?.score ?? null);
  const contextNode = path.ids[position - 1] ?? null;
  const prediction = contextNode === null ? null : (scores.get(contextNode)?.prediction ?? null);
  return { position, token: node === undefined ? null : { node, score }, contextNode, prediction };
}

/** What the views of a place depend on. */
export type ViewInputs = Pick<AppState, "view" | "settings" | "seed" | "redraws" | "settled">;

/** Raw and after settings at a place; null where there is no prediction. */
export function placeViews(
  place: Place,
  inputs: ViewInputs,
  vocabulary: Vocabulary,
): PlaceViews | null {
  const { prediction, token } = place;
  if (prediction === null) return null;
  const score = token?.score;
  const options = {
    vocabularySize: vocabulary.size,
    top: prediction.topIds.length,
    pinned: token && score ? [{ id: token.node.id, logprobNats: score.logprobNats }] : [],
  };
  const raw = settingsViewFromTop(prediction, RAW, options);
  if (raw === null) return null;
  const settings = inputs.view === "raw" ? RAW : inputs.settings;
  const settled = isSettled(inputs.settled, place, settings) ? inputs.settled : null;
  const redraw = inputs.redraws.get(place.position) ?? 0;
  const draw = drawAt({ seed: inputs.seed, position: place.position, redraw });
  const underSettings = settingsViewFromTop(prediction, inputs.settings, options);
  const after = inputs.view === "raw" ? null : (underSettings ?? settled?.view ?? null);
  return {
    raw,
    after,
    keptCount: underSettings?.keptCount ?? after?.keptCount ?? null,
    inForce: inputs.view === "raw" ? raw : after,
    settings,
    stepSettings: inputs.settings,
    draw,
    settledHit: settled !== null && settled.draw === draw ? settled.hitId : null,
  };
}

function isSettled(
  settled: SettledPosition | null,
  place: Place,
  settings: SamplingSettings,
): boolean {
  return (
    settled !== null &&
    settled.node === place.contextNode &&
    settled.settings.temperature === settings.temperature &&
    settled.settings.topK === settings.topK &&
    settled.settings.topP === settings.topP &&
    settled.settings.minP === settings.minP
  );
}

/** What P pins: the token at the position shown, or at "next" the most likely; null where there is none. */
export function pinnable({
  history,
  scores,
  position,
}: Pick<AppState, "history" | "scores" | "position">): TokenId | null {
  const { token, prediction } = placeAt(activeDocumentPath(history.present), scores, position);
  const likeliest = prediction?.topIds[0];
  return token?.node.id ?? (likeliest === undefined ? null : tokenId(likeliest));
}

/** What a digit key chooses: the n-th row of the list on screen, from 1; null where there is none. */
export function nthCandidate(
  state: Pick<AppState, "history" | "scores" | "position" | "query" | "search">,
  n: number,
): { readonly id: TokenId; readonly origin: "chosen" | "forced" } | null {
  const path = activeDocumentPath(state.history.present);
  const { prediction, contextNode } = placeAt(path, state.scores, state.position);
  if (prediction === null) return null;
  const { query, search } = state;
  const isSearching = query.trim() !== "" && search?.node === contextNode && search.query === query;
  const id = isSearching ? search.rows[n - 1]?.id : prediction.topIds[n - 1];
  return id === undefined ? null : { id: tokenId(id), origin: isSearching ? "forced" : "chosen" };
}
