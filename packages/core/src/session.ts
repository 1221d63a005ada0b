// A session: everything that brings a conversation back elsewhere. Links, files and the list of conversations hold one. Knows no encoding.

import {
  type Branch,
  type NodeId,
  type Origin,
  pathTo,
  type TokenDocument,
  type TokenNode,
} from "./document.ts";
import type { Backend, ModelIdentity, Precision, ScoredToken } from "./engine.ts";
import type { SamplingSettings } from "./settings.ts";
import type { TokenId } from "./token.ts";
import type { TurnPart, Vocabulary } from "./tokenizer.ts";

/** The bytes of a token, so that a session can be read before its model is there. */
export interface SessionPiece {
  readonly bytes: Uint8Array;
  readonly isSpecial: boolean;
}

/**
 * A conversation with its branches, where one stands in it and how it is set. Scores may be missing: the model gives them again.
 * Invariant: every node lies on a branch, and `position` and `span` on the active one.
 */
export interface Session {
  readonly model: ModelIdentity;
  readonly vocabularySize: number; // V
  /** By id, those of the document's tokens or none. */
  readonly pieces: ReadonlyMap<TokenId, SessionPiece>;
  readonly document: TokenDocument;
  readonly scores: ReadonlyMap<NodeId, ScoredToken>;
  readonly position: number; // 0 to the path's length
  readonly span: { readonly from: number; readonly to: number } | null; // both in
  readonly view: "raw" | "after";
  readonly settings: SamplingSettings;
  readonly seed: number;
  readonly redraws: ReadonlyMap<number, number>; // position -> how often it was drawn again
  readonly pins: readonly TokenId[];
  /** Answers of the lab guide as its owner wrote them: plain JSON, or null. */
  readonly lab: unknown;
}

/** The words of a session's fields, in the order of their codes in a link: only ever added to at the end. */
export const SESSION_WORDS = {
  origin: ["template", "typed", "greedy", "sampled", "chosen", "forced"],
  part: ["open", "content", "close"],
  precision: ["exact", "compact"],
  backend: ["node-cpu", "wasm", "webgpu"],
  view: ["raw", "after"],
} as const satisfies {
  readonly origin: readonly Origin[];
  readonly part: readonly TurnPart[];
  readonly precision: readonly Precision[];
  readonly backend: readonly Backend[];
  readonly view: readonly Session["view"][];
};

/** A document without the nodes of other conversations and undone versions: nodes and branch keys are counted from 0, and `kept[i]` is the old id of node i. */
export function prunedDocument(doc: TokenDocument): {
  readonly document: TokenDocument;
  readonly kept: readonly NodeId[];
} {
  const kept = [...new Set(doc.branches.flatMap(({ tip }) => pathTo(doc, tip)))].toSorted(
    (a, b) => a - b, // a parent is always older than its child
  );
  const renumbered = new Map(kept.map((old, i) => [old, i as NodeId] as const));
  const place = (old: NodeId | null): NodeId | null =>
    old === null ? null : (renumbered.get(old) ?? null);
  const nodes = kept.flatMap((old) => {
    const node: TokenNode | undefined = doc.nodes[old];
    return node === undefined ? [] : [{ ...node, parent: place(node.parent) }];
  });
  const branches = doc.branches.map((branch, key): Branch => {
    return { ...branch, key, tip: place(branch.tip) };
  });
  const activeKey = doc.branches.findIndex(({ key }) => key === doc.activeKey);
  return { document: { nodes, branches, activeKey }, kept };
}

/** The bytes of every token of a document. */
export function piecesOf(
  doc: TokenDocument,
  vocabulary: Vocabulary,
): ReadonlyMap<TokenId, SessionPiece> {
  const ids = new Set(doc.nodes.map(({ id }) => id));
  return new Map(
    [...ids].map((id) => {
      return [id, { bytes: vocabulary.bytes(id), isSpecial: vocabulary.isSpecial(id) }] as const;
    }),
  );
}

/** The vocabulary that a session's own pieces make; a token that is not among them reads as its id. */
export function sessionVocabulary({
  pieces,
  vocabularySize,
}: Pick<Session, "pieces" | "vocabularySize">): Vocabulary {
  const encoder = new TextEncoder();
  return {
    size: vocabularySize,
    bytes: (id) => pieces.get(id)?.bytes ?? encoder.encode(`#${id}`),
    isSpecial: (id) => pieces.get(id)?.isSpecial ?? false,
  };
}
