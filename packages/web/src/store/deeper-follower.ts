// Asks the model for what the open part of Look deeper lacks: one question at a time, and nothing while the drawer is closed.

import type { RemotePlace } from "@tokenscope/calls";
import {
  crossCandidates,
  divergence,
  hexBytes,
  type ListedToken,
  listedCandidates,
  type Reading,
  type ReadTokens,
  readingAt,
  type ScoredToken,
  UsageError,
} from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { attentionPlace, comparedTokens, deeperPlace, type LookedAt } from "../views/deeper.ts";
import {
  crossingOf,
  type DeeperState,
  type Finding,
  headKey,
  type RemoteFound,
  remoteFoundOf,
  withFinding,
} from "./deeper.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import { askRemotePlace, type RemoteModel } from "./remote-models.ts";
import type { SecondLink } from "./second-engine.ts";
import type { Store } from "./state.ts";

/** One question; the key says when it is the same one again. */
interface Question {
  readonly key: readonly unknown[];
  readonly ask: (signal: AbortSignal) => Promise<(deeper: DeeperState) => Partial<DeeperState>>;
}

interface Links {
  readonly link: ModelLink;
  readonly second: SecondLink;
}

const COMPARED = 12; // candidates of each engine

/** Follows the store from now on. */
export function followDeeper(store: StoreApi<Store>, links: Links): void {
  let asking: { readonly key: Question["key"]; readonly aborter: AbortController } | null = null;
  let refused: readonly unknown[] = []; // what failed last is not asked again at once
  const look = async (): Promise<void> => {
    const state = store.getState();
    const question = questionOf(state, links);
    if (asking !== null) {
      if (question === null || !isSame(question.key, asking.key)) asking.aborter.abort();
      return;
    }
    if (question === null || isSame([links.link.loads, ...question.key], refused)) return;
    const aborter = new AbortController();
    asking = { key: question.key, aborter };
    try {
      const change = await question.ask(aborter.signal);
      store.setState(({ deeper }) => ({ deeper: { ...deeper, ...change(deeper) } }));
    } catch (error) {
      if (!aborter.signal.aborted) refused = [links.link.loads, ...question.key];
      const problem = problemOf(error, store.getState());
      if (problem !== null) store.setState({ problem });
    } finally {
      asking = null;
      void look();
    }
  };
  store.subscribe(() => void look());
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

function questionOf(state: Store, links: Links): Question | null {
  const { model, work, drawer, deeper } = state;
  if (drawer !== "deeper" || model.kind !== "ready" || work.kind === "generating") return null;
  switch (deeper.view) {
    case "lens":
      return lensQuestion(state, links.link);
    case "attention":
      return attentionQuestion(state, links.link) ?? headOffQuestion(state, links.link);
    case "logit":
      return logitQuestion(state, links.link);
    case "engines":
      if (deeper.second.kind === "remote") return remoteQuestion(state, links.link, deeper.second);
      return isOtherModel(state)
        ? crossingQuestion(state, links)
        : (secondScoreQuestion(state, links) ?? divergenceQuestion(state, links));
    default:
      return deeper.view satisfies never;
  }
}

/** A change of what was found at one token. */
function found(
  { scored }: LookedAt,
  change: (finding: Finding) => Finding,
): (deeper: DeeperState) => Partial<DeeperState> {
  return (deeper) => ({ findings: withFinding(deeper, scored, change) });
}

function lensQuestion(state: Store, link: ModelLink): Question | null {
  const { context, actual } = deeperPlace(state);
  if (context === null) return null;
  const { lens, layerScores } = context.finding;
  if (lens === null) {
    return {
      key: ["lens", context.scored],
      ask: async () => {
        const layers = await link.ask("lens", { ids: context.ids });
        return found(context, (finding) => ({ ...finding, lens: layers }));
      },
    };
  }
  const id = comparedTokens({ actual }, context.scored.prediction, state.deeper).token;
  if (layerScores.has(id)) return null;
  return {
    key: ["layer scores", context.scored, id],
    ask: async () => {
      const contextVectors = lens.flatMap(({ contextVector }) => contextVector ?? []);
      const scores = await link.ask("scoreAt", { contextVectors, id });
      return found(context, (finding) => ({
        ...finding,
        layerScores: new Map(finding.layerScores).set(id, scores),
      }));
    },
  };
}

function attentionQuestion(state: Store, link: ModelLink): Question | null {
  const place = attentionPlace(deeperPlace(state), state.deeper);
  if (place === null || place.finding.attention !== null) return null;
  return {
    key: ["attention", place.scored],
    ask: async () => {
      const attention = await link.ask("attention", { ids: place.ids });
      return found(place, (finding) => ({ ...finding, attention }));
    },
  };
}

function headOffQuestion(state: Store, link: ModelLink): Question | null {
  const { isHeadOff, layer, head } = state.deeper;
  const { context, actual: id } = deeperPlace(state);
  if (!isHeadOff || context === null || layer === null || head === null) return null;
  const key = headKey(layer, head, id);
  if (context.finding.headsOff.has(key)) return null;
  return {
    key: ["head off", context.scored, key],
    ask: async () => {
      const off = await link.ask("headOff", { ids: context.ids, layer, head, id });
      return found(context, (finding) => ({
        ...finding,
        headsOff: new Map(finding.headsOff).set(key, off),
      }));
    },
  };
}

function logitQuestion(state: Store, link: ModelLink): Question | null {
  const { context, actual } = deeperPlace(state);
  if (context === null) return null;
  const { token, rival } = comparedTokens({ actual }, context.scored.prediction, state.deeper);
  const id = [token, rival].find((each) => !context.finding.tokenVectors.has(each));
  if (id === undefined) return null;
  return {
    key: ["token vector", context.scored, id],
    ask: async () => {
      const { vector, logitCap } = await link.ask("tokenVector", { id });
      const change = found(context, (finding) => ({
        ...finding,
        tokenVectors: new Map(finding.tokenVectors).set(id, vector),
      }));
      return (deeper) => ({ ...change(deeper), logitCap });
    },
  };
}

function isOtherModel({ deeper: { second } }: Store): boolean {
  return second.kind === "ready" && second.isOtherModel;
}

/** Another model reads the text before the place in its own tokens; its last prediction stands beside the page's own. */
function crossingQuestion(state: Store, { link, second: other }: Links): Question | null {
  const { context, path, position } = deeperPlace(state);
  const { second } = state.deeper;
  const contextVector = context?.scored.prediction.contextVector;
  if (second.kind !== "ready" || !contextVector || context === null) return null;
  const { vocabulary } = state;
  const reading = readingAt(path.nodes, position, vocabulary);
  if (reading === null || crossingOf(context.finding, reading) !== null) return null;
  const { before, after } = reading;
  return {
    key: ["crossing", context.scored, second, before, after],
    ask: async () => {
      const read = await other.ask("readAs", reading);
      const { vector, next } = await lastOf(other, read);
      const [own, others] = await Promise.all([
        link.ask("logits", { contextVector }),
        other.ask("logits", { contextVector: vector }),
      ]);
      const sides = [
        { logits: own, vocabulary },
        { logits: others, vocabulary: second.vocabulary },
      ] as const;
      const both = crossCandidates(...sides, COMPARED);
      if (both === null) throw new RangeError("crossing: a model's logits are no numbers");
      const crossing = { of: { before, after }, read, both, next };
      return found(context, (finding) => ({ ...finding, crossing }));
    },
  };
}

/** A model on another server reads the text before the place; its list stands beside the page's own distribution. A failure is an answer, and asked again by hand. */
function remoteQuestion(
  state: Store,
  link: ModelLink,
  { model }: { readonly model: RemoteModel },
): Question | null {
  const { context, path, position } = deeperPlace(state);
  const contextVector = context?.scored.prediction.contextVector;
  if (!contextVector || context === null) return null;
  const { vocabulary } = state;
  const reading = readingAt(path.nodes, position, vocabulary);
  if (reading === null || remoteFoundOf(context.finding, reading, model) !== null) return null;
  const { before, after } = reading;
  return {
    key: ["remote", context.scored, model.id, model.host, before, after],
    ask: async (signal) => {
      const logits = await link.ask("logits", { contextVector });
      const answer = await remoteAnswer(model, reading, { logits, vocabulary, signal });
      const remote = { of: { before, after }, model, found: answer };
      return found(context, (finding) => ({ ...finding, remote }));
    },
  };
}

async function remoteAnswer(
  model: RemoteModel,
  reading: Reading,
  {
    signal,
    ...own
  }: {
    readonly logits: Float32Array;
    readonly vocabulary: Store["vocabulary"];
    readonly signal: AbortSignal;
  },
): Promise<RemoteFound["found"]> {
  try {
    const place = await askRemotePlace(model, { ...reading, top: COMPARED }, signal);
    const both = listedCandidates(own, place.top.map(listedToken), COMPARED);
    if (both === null) throw new RangeError("remote: the page's logits are no numbers");
    return { place, both };
  } catch (error) {
    if (signal.aborted) throw error;
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

function listedToken({ bytesHex, ...token }: RemotePlace["top"][number]): ListedToken {
  return { ...token, bytes: bytesHex === null ? null : hexBytes(bytesHex) };
}

/** The second model's context vector after these ids, and its score of what comes next. */
async function lastOf(other: SecondLink, { ids, nextId }: ReadTokens) {
  let vector: Float32Array | null = null;
  await other.ask("score", { ids, from: ids.length - 1 }, ({ tokens }) => {
    vector = tokens.at(-1)?.prediction.contextVector ?? vector;
  });
  if (vector === null) throw new UsageError(NOTHING_BEFORE);
  const contextVectors = [vector];
  const scores = nextId === null ? [] : await other.ask("scoreAt", { contextVectors, id: nextId });
  return { vector, next: scores[0] ?? null };
}

const NOTHING_BEFORE =
  "The other model reads nothing before this place, so it predicts nothing here: choose a later place.";

/** The second engine scores the whole path at once; a step further costs it one token. */
function secondScoreQuestion(state: Store, { second }: Links): Question | null {
  const { deeper, scores } = state;
  const { path } = deeperPlace(state);
  const own = path.ids.map((node) => scores.get(node));
  const isAsked = own.some((scored) => scored !== undefined && !deeper.secondScores.has(scored));
  if (deeper.second.kind !== "ready" || !isAsked) return null;
  const ids = path.nodes.map(({ id }) => id);
  return {
    key: ["second scores", deeper.second, ...ids],
    ask: async () => {
      const others: ScoredToken[] = [];
      await second.ask("score", { ids, from: 0 }, (event) => others.push(...event.tokens));
      return ({ secondScores }) => {
        const next = new Map(secondScores);
        for (const [i, scored] of own.entries()) {
          const other = others[i];
          if (scored !== undefined && other !== undefined) next.set(scored, other);
        }
        return { secondScores: next };
      };
    },
  };
}

function divergenceQuestion(state: Store, { link, second }: Links): Question | null {
  const { context } = deeperPlace(state);
  const other = context && state.deeper.secondScores.get(context.scored);
  if (state.deeper.second.kind !== "ready" || !context || !other) return null;
  const vectors = [context.scored.prediction.contextVector, other.prediction.contextVector];
  const [ownVector, otherVector] = vectors;
  if (context.finding.divergence !== null || !ownVector || !otherVector) return null;
  return {
    key: ["divergence", context.scored],
    ask: async () => {
      const [own, others] = await Promise.all([
        link.ask("logits", { contextVector: ownVector }),
        second.ask("logits", { contextVector: otherVector }),
      ]);
      const result = divergence(own, others, COMPARED);
      if (result === null) throw new RangeError("divergence: an engine's logits are no numbers");
      return found(context, (finding) => ({ ...finding, divergence: result }));
    },
  };
}
