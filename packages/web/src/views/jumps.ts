// Jumps through the text by what the model made of it: from the most surprising token to the next, the most certain place, the most uncertain.

import {
  bitsFromNats,
  formatBits,
  formatCount,
  type NodeId,
  pieceName,
  scoreBits,
} from "@tokenscope/core";
import type { AppState, Span } from "../store/state.ts";
import { activeDocumentPath, type DocumentPath, type Scores } from "./path.ts";

/** Surprising: by the bits of the token that came. Certain, uncertain: by the entropy of the prediction before it. */
export type JumpKind = "surprising" | "certain" | "uncertain";

/** Where the last jump led: `index` places down its order, from 0. */
export interface Jump {
  readonly kind: JumpKind;
  readonly index: number;
  readonly node: NodeId;
}

interface Landing {
  readonly jump: Jump;
  readonly position: number;
  /** Example: "Most surprising, 2 of 106: space named, position 23, 17.20 bits". */
  readonly words: string;
}

type JumpInputs = Pick<
  AppState,
  "history" | "scores" | "vocabulary" | "position" | "span" | "jump"
>;

/** Where the next jump of a kind leads, or the one before it (steps -1): on from the last one where its place is still shown, else to the first of all. Within the span where more than one token is selected; null where nothing is scored. */
export function nextJump(state: JumpInputs, kind: JumpKind, steps: 1 | -1): Landing | null {
  const { history, scores, vocabulary, jump } = state;
  const path = activeDocumentPath(history.present);
  const span = state.span !== null && state.span.from < state.span.to ? state.span : null;
  const order = jumpOrder(path, scores, kind, span);
  const isOnJump = jump?.kind === kind && path.ids[state.position] === jump.node;
  const wanted = isOnJump ? jump.index + steps : 0;
  const index = Math.max(0, Math.min(wanted, order.length - 1));
  const place = order[index];
  const node = place === undefined ? undefined : path.ids[place.position];
  const token = place === undefined ? undefined : path.nodes[place.position];
  if (place === undefined || node === undefined || token === undefined) return null;
  const { position, bits } = place;
  const piece = pieceName(vocabulary.bytes(token.id));
  const measured = kind === "surprising" ? "" : "entropy ";
  const count = `${formatCount(index + 1)} of ${formatCount(order.length)}`;
  const words = `Most ${kind}, ${count}: ${piece}, position ${position}, ${measured}${formatBits(bits)} bits`;
  return { jump: { kind, index, node }, position, words };
}

interface Measured {
  readonly position: number;
  readonly bits: number;
}

/** Scored positions of a path in the order of a kind; equals by position. */
export function jumpOrder(
  path: DocumentPath,
  scores: Scores,
  kind: JumpKind,
  span: Span | null,
): readonly Measured[] {
  const measured = path.ids.flatMap((id, position): Measured[] => {
    if (span !== null && (position < span.from || position > span.to)) return [];
    const before = path.ids[position - 1];
    const entropy = before === undefined ? undefined : scores.get(before)?.prediction.entropyNats;
    const bits =
      kind === "surprising"
        ? scoreBits(scores.get(id)?.score ?? null)
        : entropy === undefined
          ? null
          : bitsFromNats(entropy);
    return bits === null ? [] : [{ position, bits }];
  });
  const sign = kind === "certain" ? 1 : -1;
  return measured.toSorted((a, b) => sign * (a.bits - b.bits) || a.position - b.position);
}
