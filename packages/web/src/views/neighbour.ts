// The neighbour check: two conversations from where they part, and the reason in words.

import {
  activeNodes,
  branchOf,
  type Condition,
  formatCount,
  formatPercent,
  type NodeId,
  type Origin,
  type PartingCause,
  type Prediction,
  pathTo,
  pieceGlyphs,
  type Session,
  type SessionDifference,
  sessionDifference,
  sessionVocabulary,
  type TokenId,
  type TokenScore,
  type Vocabulary,
} from "@tokenscope/core";
import { type AlignedTokens, alignedTokens } from "./aligned.ts";
import { plain } from "./copy-text.ts";
import { modelWords } from "./session.ts";

const SHOWN_TOKENS = 80; // of each side, from the parting on

/** One side of the comparison. */
interface NeighbourSide extends AlignedTokens {
  readonly title: string;
  readonly conditions: string;
}

export interface NeighbourView {
  /** One sentence: where the two part. */
  readonly where: string;
  /** One sentence: why. */
  readonly why: string;
  /** How likely each of the two tokens was after the same beginning, in the own numbers; empty where they cannot tell. */
  readonly odds: readonly string[];
  /** Every condition that differs, as a table. */
  readonly conditions: readonly {
    readonly name: string;
    readonly ours: string;
    readonly theirs: string;
  }[];
  readonly sharedText: string;
  readonly position: number | null;
  readonly ours: NeighbourSide;
  readonly theirs: NeighbourSide;
}

/** What the drawer shows of two sessions; `vocabulary` is the page's own. */
export function neighbourView(
  ours: Session,
  theirs: Session,
  vocabulary: Vocabulary,
  odds: ReadonlyMap<TokenId, TokenScore> = new Map(),
): NeighbourView {
  const difference = sessionDifference(ours, theirs);
  const { sharedTokens, parting, conditions } = difference;
  return {
    where: whereWords(difference),
    why: parting === null ? sameWords(conditions) : whyWords(parting.cause),
    odds: parting === null ? [] : oddsWords(ours, difference, { vocabulary, odds }),
    conditions: conditions.map((condition) => ({
      name: CONDITION_NAMES[condition.kind],
      ours: String(condition.ours),
      theirs: String(condition.theirs),
    })),
    sharedText: sharedTokens === 0 ? "" : `${tokensWords(sharedTokens)} the same`,
    position: parting?.position ?? null,
    ours: side("Yours", ours, sharedTokens, vocabulary),
    theirs: side("Theirs", theirs, sharedTokens, sessionVocabulary(theirs)),
  };
}

function tokensWords(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "token" : "tokens"}`;
}

function whereWords({ sharedTokens, parting }: SessionDifference): string {
  if (parting === null) return `Both hold the same ${tokensWords(sharedTokens)}.`;
  if (parting.ours === null)
    return `Yours ends before position ${parting.position}, and theirs goes on.`;
  if (parting.theirs === null)
    return `Theirs ends before position ${parting.position}, and yours goes on.`;
  return `They part at position ${parting.position}.`;
}

function sameWords(conditions: readonly Condition[]): string {
  if (conditions.length === 0) return "They were made with the same model, settings and seed.";
  const isNumeric = conditions.some(({ kind }) => ["model", "precision", "backend"].includes(kind));
  return isNumeric
    ? "Their numbers may differ, for they were not made alike:"
    : "They were not set alike, but nothing came of it:";
}

const ORIGIN_WORDS: Readonly<Record<Origin, string>> = {
  template: "written by the template",
  typed: "typed",
  greedy: "the most likely",
  sampled: "drawn",
  chosen: "chosen by hand",
  forced: "forced",
};

const CONDITION_NAMES: Readonly<Record<Condition["kind"], string>> = {
  model: "model",
  precision: "precision",
  backend: "engine",
  temperature: "temperature",
  topK: "top-k",
  topP: "top-p",
  minP: "min-p",
  seed: "seed",
};

function whyWords(cause: PartingCause): string {
  switch (cause.kind) {
    case "ends":
      return "Up to there they are the same.";
    case "system-prompt":
      return "The system prompts differ.";
    case "markers":
      return "The chat templates write other markers here.";
    case "message":
      return `The ${cause.role} messages differ.`;
    case "person":
      return `A person stepped in: your token was ${ORIGIN_WORDS[cause.ours]}, theirs was ${ORIGIN_WORDS[cause.theirs]}.`;
    case "conditions":
      return `The model wrote both, under another ${listed(cause.conditions.map(({ kind }) => CONDITION_NAMES[kind]))}.`;
    case "draw":
      return "The model wrote both with the same seed, but one of the draws here was drawn again.";
    case "drawn":
      return `The model wrote both, but not in one way: your token was ${ORIGIN_WORDS[cause.ours]}, theirs was ${ORIGIN_WORDS[cause.theirs]}. Both are set alike now, and were not when these came.`;
    case "unknown":
      return "The model wrote both, and both are set alike now: one of them was set otherwise when this token came.";
    default:
      return cause satisfies never;
  }
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

/** p of both tokens in the own prediction at the parting. */
function oddsWords(ours: Session, difference: SessionDifference, known: Odds): readonly string[] {
  const asked = partingOdds(ours, difference);
  return asked === null ? [] : asked.ids.map((id) => oddsOf(id, asked.prediction, known));
}

interface Odds {
  readonly vocabulary: Vocabulary;
  readonly odds: ReadonlyMap<TokenId, TokenScore>;
}

/** The own prediction where the two part, and the tokens that came there; null where there is none. */
export function partingOdds(
  ours: Session,
  { parting }: SessionDifference,
): { readonly prediction: Prediction; readonly ids: readonly TokenId[] } | null {
  if (parting === null || parting.position === 0) return null;
  const path = pathTo(ours.document, branchOf(ours.document).tip);
  const before = path[parting.position - 1];
  const prediction = before === undefined ? undefined : ours.scores.get(before)?.prediction;
  if (prediction === undefined) return null;
  return { prediction, ids: [parting.ours, parting.theirs].flatMap((node) => node?.id ?? []) };
}

function oddsOf(id: TokenId, prediction: Prediction, { vocabulary, odds }: Odds): string {
  const name = plain(pieceGlyphs(vocabulary.bytes(id)));
  const row = prediction.topIds.indexOf(id);
  const score = odds.get(id);
  if (row === -1 && score !== undefined) {
    return `${name} ${formatPercent(Math.exp(score.logprobNats))}, rank ${formatCount(score.rank)}`;
  }
  if (row === -1) {
    const least = Math.exp(prediction.topLogprobsNats.at(-1) ?? 0);
    return `${name} under ${formatPercent(least)}, not among your ${prediction.topIds.length} most likely`;
  }
  const p = Math.exp(prediction.topLogprobsNats[row] ?? 0);
  return `${name} ${formatPercent(p)}, rank ${formatCount(row + 1)}`;
}

function side(
  title: string,
  session: Session,
  from: number,
  vocabulary: Vocabulary,
): NeighbourSide {
  const { seed, settings, scores, document } = session;
  const path = pathTo(document, branchOf(document).tip);
  const nodes = activeNodes(session);
  const scoredAt = (position: number) => {
    const id: NodeId | undefined = path[position];
    return id === undefined ? undefined : scores.get(id);
  };
  const { temperature, topK, topP, minP } = settings;
  return {
    title: `${title} · ${tokensWords(nodes.length)}`,
    conditions: `${modelWords(session.model)} · T ${temperature}, top-k ${topK}, top-p ${topP}, min-p ${minP} · seed ${seed}`,
    ...alignedTokens({ nodes, scoredAt }, { from, shown: SHOWN_TOKENS }, vocabulary),
  };
}
