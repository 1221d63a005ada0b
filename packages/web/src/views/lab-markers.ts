// The loaded model's own markers, as the guide names them: read off a path that its template wrote, never known beforehand.

import { decodeTokens, type TokenNode, type Vocabulary } from "@tokenscope/core";
import type { AppState } from "../store/state.ts";
import { activeDocumentPath, type DocumentPath } from "./path.ts";

/** Text of the markers around a user's turn and before a reply, without the space at their ends; empty where a template writes none. */
export interface TurnMarkers {
  readonly userOpens: string;
  readonly userEnds: string;
  readonly replyOpens: string;
}

/** The markers of a path; null where it has no user's turn with a turn after it. */
export function turnMarkers(path: DocumentPath, vocabulary: Vocabulary): TurnMarkers | null {
  const index = path.turns.findLastIndex((turn) => turn.role === "user" && turn.isClosed);
  const user = path.turns[index];
  const reply = path.turns[index + 1];
  if (user === undefined || reply === undefined) return null;
  const text = (nodes: readonly TokenNode[]): string =>
    decodeTokens(nodes.map((node) => vocabulary.bytes(node.id))).trim();
  const opening = path.nodes.slice(reply.start, reply.contentStart);
  return {
    userOpens: text(
      withoutStart(path.nodes.slice(user.start, user.contentStart), opening[0]?.id ?? null),
    ),
    userEnds: text(path.nodes.slice(user.contentEnd, user.end)),
    replyOpens: text(opening),
  };
}

const ofDocument = new WeakMap<object, TurnMarkers>();

/** The markers of the model on screen: as it was asked for them, else as the document has them; null where neither says. The same object for the same state. */
export function knownMarkers(
  state: Pick<AppState, "markers" | "model" | "history" | "vocabulary">,
): TurnMarkers | null {
  const { markers, model, history, vocabulary } = state;
  const isOfModel = model.kind === "ready" && markers?.sha256 === model.loaded.identity.sha256;
  if (isOfModel && markers !== null) return markers.markers;
  const path = activeDocumentPath(history.present);
  const known = ofDocument.get(path) ?? turnMarkers(path, vocabulary);
  if (known !== null) ofDocument.set(path, known);
  return known;
}

/** An opening without the tokens that start the document: those before the token with which other turns open too. */
function withoutStart(opening: readonly TokenNode[], opener: number | null): readonly TokenNode[] {
  const at = opening.findIndex((node) => node.id === opener);
  return at === -1 ? opening : opening.slice(at);
}
