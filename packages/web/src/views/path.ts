// The path on screen: its tokens, turns and scores, as every view reads them. Derived from a document, never stored.

import {
  branchOf,
  decodeTokens,
  type NodeId,
  nodesOf,
  pathTo,
  type ScoredToken,
  type TokenDocument,
  type TokenNode,
  type Turn,
  turnsOf,
  type Vocabulary,
} from "@tokenscope/core";

/** Each node's score and the prediction after it; a missing node is not scored yet. */
export type Scores = ReadonlyMap<NodeId, ScoredToken>;

/** One branch from the root to its tip. */
export interface DocumentPath {
  readonly ids: readonly NodeId[];
  readonly nodes: readonly TokenNode[];
  readonly turns: readonly Turn[];
}

/** The path of a branch, the active one unless told. */
export function documentPath(doc: TokenDocument, key: number = doc.activeKey): DocumentPath {
  const ids = pathTo(doc, branchOf(doc, key).tip);
  const nodes = nodesOf(doc, ids);
  return { ids, nodes, turns: turnsOf(nodes) };
}

const active = new WeakMap<TokenDocument, DocumentPath>();

/** The active branch's path; the same object for the same document. */
export function activeDocumentPath(doc: TokenDocument): DocumentPath {
  const known = active.get(doc);
  if (known !== undefined) return known;
  const path = documentPath(doc);
  active.set(doc, path);
  return path;
}

/** The score of a position, with the prediction after it; undefined where there is none. */
export function scoredAt(
  { ids }: DocumentPath,
  scores: Scores,
  position: number,
): ScoredToken | undefined {
  const id = ids[position];
  return id === undefined ? undefined : scores.get(id);
}

/** The turn that holds a position; at the end of the path its last turn; undefined for an empty path. */
export function turnHolding(path: DocumentPath, position: number): Turn | undefined {
  return path.turns.find((turn) => position < turn.end) ?? path.turns.at(-1);
}

/** True where one more token would continue the last turn. */
export function isOpen(path: DocumentPath): boolean {
  const last = path.turns.at(-1);
  return last !== undefined && !last.isClosed;
}

/** The last position that can be shown: "next" for an open turn, else the last token. */
export function lastPosition(path: DocumentPath): number {
  return Math.max(0, isOpen(path) ? path.nodes.length : path.nodes.length - 1);
}

/** The last assistant turn in which something is written; undefined where there is no reply. */
export function replyTurn(path: DocumentPath): Turn | undefined {
  return path.turns.findLast((turn) => turn.role === "assistant" && turn.contentStart < turn.end);
}

/** The text of the system turn at the start; empty where there is none. */
export function systemPrompt(path: DocumentPath, vocabulary: Vocabulary): string {
  const first = path.turns[0];
  if (first?.role !== "system") return "";
  const content = path.nodes.slice(first.contentStart, first.contentEnd);
  return decodeTokens(content.map((node) => vocabulary.bytes(node.id)));
}
