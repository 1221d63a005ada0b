// Small questions that the state raises as it changes: one answer at a time, and only the newest question counts.

import type { SearchRow } from "@tokenscope/calls";
import {
  decodeTokens,
  filterKept,
  keptToken,
  type NodeId,
  type Prediction,
  RAW,
  type SamplingSettings,
  type TokenId,
  tokenId,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { rolesOf } from "../views/composer.ts";
import { activeDocumentPath } from "../views/path.ts";
import { placeAt, placeViews } from "../views/place.ts";
import { firstTokens, textPreview } from "./edit-questions.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import type { AppState, Store } from "./state.ts";

const SEARCH_ROWS = 40;
const SETTLED_ROWS = 50;

/** What is asked, and the values on which the answer depends; the same values are not asked twice. */
interface Asked {
  readonly inputs: readonly unknown[];
  readonly answer: () => Promise<Partial<AppState>>;
}

/** Follows the store from now on with every question there is. */
export function followQuestions(store: StoreApi<Store>, link: ModelLink): void {
  keepAsking(store, (state) => messageTokens(state, link));
  keepAsking(store, (state) => refusals(state, link));
  keepAsking(store, (state) => search(state, link));
  keepAsking(store, (state) => settled(state, link));
  keepAsking(store, (state) => textPreview(state, link));
  keepAsking(store, (state) => firstTokens(state, link));
}

function keepAsking(store: StoreApi<Store>, questionOf: (state: Store) => Asked | null): void {
  let last: readonly unknown[] | null = null;
  let isAsking = false;
  const look = async (): Promise<void> => {
    if (isAsking) return;
    const question = questionOf(store.getState());
    if (question === null || isSame(question.inputs, last)) return;
    last = question.inputs;
    isAsking = true;
    try {
      const answer = await question.answer();
      const now = questionOf(store.getState());
      if (now === null || isSame(now.inputs, last)) store.setState(answer);
    } catch (error) {
      const problem = problemOf(error, store.getState());
      if (problem !== null) store.setState({ problem });
    } finally {
      isAsking = false;
      void look();
    }
  };
  store.subscribe(() => void look());
}

function isSame(a: readonly unknown[], b: readonly unknown[] | null): boolean {
  return b !== null && a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

function messageTokens({ model, message }: AppState, link: ModelLink): Asked | null {
  if (model.kind !== "ready") return null;
  return {
    inputs: [link.loads, message],
    answer: () =>
      link.ask("encode", { text: message }).then(
        (ids) => ({ messageTokens: ids.length }),
        () => ({ messageTokens: null }), // what cannot be written as tokens is said at End turn
      ),
  };
}

function refusals({ model, work, history }: AppState, link: ModelLink): Asked | null {
  if (model.kind !== "ready" || work.kind === "generating") return null;
  const doc = history.present;
  const roles = rolesOf({ model });
  return {
    inputs: [link.loads, doc],
    answer: async () => ({ refusals: await link.ask("refusals", { doc, roles }) }),
  };
}

function search(state: AppState, link: ModelLink): Asked | null {
  const { query, model } = state;
  const { contextNode, prediction } = placeOf(state);
  if (query.trim() === "" || contextNode === null || prediction === null) return null;
  const { contextVector } = prediction;
  const inputs = [link.loads, query, contextNode, prediction];
  const place = { query, node: contextNode };
  if (model.kind !== "ready" || contextVector === null) {
    const rows = keptMatches(state, prediction);
    const result = { ...place, rows, matches: rows.length, needsModel: true };
    return { inputs, answer: async () => ({ search: result }) };
  }
  const request = { contextVector, query, limit: SEARCH_ROWS };
  return {
    inputs,
    answer: async () => {
      const found = await link.ask("search", request);
      return { search: { ...place, ...found, needsModel: false } };
    },
  };
}

function keptMatches({ vocabulary, query }: AppState, prediction: Prediction): SearchRow[] {
  const wanted = query.replaceAll("·", " ").toLowerCase();
  return Array.from(prediction.topIds, (id, i) => ({
    id: tokenId(id),
    logprobNats: prediction.topLogprobsNats[i] ?? 0,
    rank: i + 1,
  })).filter(({ id }) => {
    const text = decodeTokens([vocabulary.bytes(id)]).toLowerCase();
    return text.includes(wanted) || String(id) === query;
  });
}

/** The view and the draw of the position shown, where the stored candidates do not determine them. */
function settled(state: AppState, link: ModelLink): Asked | null {
  const { model, vocabulary, view } = state;
  const place = placeOf(state);
  const views = placeViews(place, state, vocabulary);
  const { contextNode, prediction } = place;
  if (model.kind !== "ready" || views === null || contextNode === null) return null;
  if (prediction === null || prediction.contextVector === null) return null;
  const settings = view === "raw" ? RAW : state.settings;
  if (isDetermined(prediction, { settings, draw: views.draw, size: vocabulary.size })) return null;
  const { contextVector } = prediction;
  const { draw } = views;
  const pinned = pinnedIds(state, contextNode, place.token?.node.id);
  const { temperature, topK, topP, minP } = settings;
  return {
    inputs: [link.loads, prediction, temperature, topK, topP, minP, draw, ...pinned],
    answer: async () => {
      const request = { contextVector, settings, draw, top: SETTLED_ROWS, pinned };
      const answer = await link.ask("settingsView", request);
      return { settled: { node: contextNode, settings, draw, ...answer } };
    },
  };
}

interface DrawUnder {
  readonly settings: SamplingSettings;
  readonly draw: number;
  readonly size: number;
}

function isDetermined(prediction: Prediction, { settings, draw, size }: DrawUnder): boolean {
  const kept = filterKept(prediction, settings, size);
  return kept !== null && keptToken(kept, draw) !== null;
}

function pinnedIds(state: AppState, node: NodeId, actual: TokenId | undefined): TokenId[] {
  const found = state.search?.node === node && state.query !== "" ? state.search.rows : [];
  const ids = found.map((row) => row.id);
  return actual === undefined || ids.includes(actual) ? ids : [actual, ...ids];
}

function placeOf({ history, scores, position }: AppState) {
  return placeAt(activeDocumentPath(history.present), scores, position);
}
