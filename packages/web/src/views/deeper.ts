// The place that Look deeper looks at: the run that predicts the position shown, and the run of the token there.

import { type Prediction, type ScoredToken, type TokenId, tokenId } from "@tokenscope/core";
import { type Finding, NO_FINDING } from "../store/deeper.ts";
import type { AppState } from "../store/state.ts";
import { activeDocumentPath, type DocumentPath } from "./path.ts";

/** A scored token with the ids up to it and what was found at it. */
export interface LookedAt {
  readonly position: number;
  readonly scored: ScoredToken;
  readonly ids: readonly TokenId[]; // the token's own last
  readonly finding: Finding;
}

export interface DeeperPlace {
  readonly path: DocumentPath;
  readonly position: number;
  /** The token that came at the position; null at "next". */
  readonly actual: TokenId | null;
  /** The token before, whose run makes this prediction; null at position 0 and where nothing is scored by the model. */
  readonly context: LookedAt | null;
  /** The token itself; null at "next" and where it is not scored by the model. */
  readonly own: LookedAt | null;
}

type PlaceInputs = Pick<AppState, "history" | "scores" | "position" | "deeper">;

/** The place of a state. */
export function deeperPlace(state: PlaceInputs): DeeperPlace {
  const path = activeDocumentPath(state.history.present);
  const { position } = state;
  return {
    path,
    position,
    actual: path.nodes[position]?.id ?? null,
    context: lookedAt(state, path, position - 1),
    own: lookedAt(state, path, position),
  };
}

function lookedAt(state: PlaceInputs, path: DocumentPath, position: number): LookedAt | null {
  const node = path.ids[position];
  const scored = node === undefined ? undefined : state.scores.get(node);
  if (scored === undefined || scored.prediction.contextVector === null) return null;
  const ids = path.nodes.slice(0, position + 1).map(({ id }) => id);
  const finding = state.deeper.findings.get(scored) ?? NO_FINDING;
  return { position, scored, ids, finding };
}

/** The run whose attention is shown; at "next" that of the last token, whatever was chosen. */
export function attentionPlace(
  place: DeeperPlace,
  { attentionOf }: Pick<AppState["deeper"], "attentionOf">,
): LookedAt | null {
  return attentionOf === "before" || place.actual === null ? place.context : place.own;
}

/** The two tokens whose logits are set side by side: as chosen, else the token that came (the most likely at "next") and the most likely other. */
export function comparedTokens(
  { actual }: Pick<DeeperPlace, "actual">,
  prediction: Prediction,
  { logitToken, rivalToken }: Pick<AppState["deeper"], "logitToken" | "rivalToken">,
): { readonly token: TokenId; readonly rival: TokenId } {
  const [first = 0, second = 0] = prediction.topIds;
  const token = logitToken ?? actual ?? tokenId(first);
  const strongest = tokenId(token === first ? second : first);
  return { token, rival: rivalToken === null || rivalToken === token ? strongest : rivalToken };
}

const FIRST_TOKEN =
  "The first token starts the document. Nothing comes before it, so no run predicts it.";

/** Why there is nothing to look into; empty where there is. */
export function deeperAbsence(
  lookedAt: LookedAt | null,
  { path, position }: Pick<DeeperPlace, "path" | "position">,
  model: AppState["model"],
): string {
  if (path.nodes.length === 0) return "Nothing is written yet, so there is no run to look into.";
  if (model.kind === "failed") return "Looking inside needs the model, and it did not load.";
  if (model.kind !== "ready")
    return "Looking inside needs the model. It works as soon as it is there.";
  if (lookedAt !== null) return "";
  return position === 0 ? FIRST_TOKEN : "This place is being scored.";
}
