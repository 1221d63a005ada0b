// The document: a tree of tokens whose branches are paths from its root. Ids are the document; it knows no text and no scores.

import { UsageError } from "./errors.ts";
import type { TokenId } from "./token.ts";
import type { TurnPart } from "./tokenizer.ts";

declare const nodeIdBrand: unique symbol;
/** A place in a document's node table. */
export type NodeId = number & { readonly [nodeIdBrand]: true };

/** How a token came into the document. */
export type Origin = "template" | "typed" | "greedy" | "sampled" | "chosen" | "forced";

/** A token as it is about to be written: what it is, how it came, and where in a turn it stands. */
export interface NewToken {
  readonly id: TokenId;
  readonly origin: Origin;
  readonly turn: number; // counted from 0 along the path
  readonly role: string;
  readonly part: TurnPart;
}

/** A token in the tree. Invariant: position = parent's position + 1, or 0 at a root. */
export interface TokenNode extends NewToken {
  readonly parent: NodeId | null;
  readonly position: number;
}

/** A path from the root to `tip`; null is the empty path. Branches that share a beginning share its nodes. */
export interface Branch {
  readonly key: number; // stable, in order of creation; 0 is main
  readonly tip: NodeId | null;
  readonly name?: string; // as a person named it
  /** JSON of the tools that its next messages are written with; absent where there are none. */
  readonly tools?: string;
}

/**
 * Nodes are only ever added, so a NodeId means the same in every later version of a document.
 * Invariant: branches is never empty and holds the active key.
 */
export interface TokenDocument {
  readonly nodes: readonly TokenNode[];
  readonly branches: readonly Branch[];
  readonly activeKey: number;
  /** The highest key of a deleted branch, so that no key is given twice; absent where none above the present ones was deleted. */
  readonly lastKey?: number;
}

/** A document with one empty branch. */
export function emptyDocument(): TokenDocument {
  return { nodes: [], branches: [{ key: 0, tip: null }], activeKey: 0 };
}

/** The branch of this key; throws RangeError if there is none. */
export function branchOf(doc: TokenDocument, key: number = doc.activeKey): Branch {
  const branch = doc.branches.find((candidate) => candidate.key === key);
  if (branch === undefined) throw new RangeError(`branchOf: no branch has the key ${key}`);
  return branch;
}

/** The node of this id; throws RangeError outside the table. */
export function nodeAt(doc: TokenDocument, id: NodeId): TokenNode {
  const node = doc.nodes[id];
  if (node === undefined) throw new RangeError(`nodeAt: no node ${id} of ${doc.nodes.length}`);
  return node;
}

/** Node ids from the root to the tip; entry i is the token at position i. */
export function pathTo(doc: TokenDocument, tip: NodeId | null): readonly NodeId[] {
  if (tip === null) return [];
  const path = new Array<NodeId>(nodeAt(doc, tip).position + 1);
  let at: NodeId | null = tip;
  while (at !== null) {
    const node: TokenNode = nodeAt(doc, at);
    path[node.position] = at;
    at = node.parent;
  }
  return path;
}

/** The active branch's path. */
export function activePath(doc: TokenDocument): readonly NodeId[] {
  return pathTo(doc, branchOf(doc).tip);
}

/** The nodes of a path, in order. */
export function nodesOf(doc: TokenDocument, path: readonly NodeId[]): readonly TokenNode[] {
  return path.map((id) => nodeAt(doc, id));
}

/** Writes tokens after a branch's tip; the branch grows in place. */
export function extend(
  doc: TokenDocument,
  tokens: readonly NewToken[],
  key: number = doc.activeKey,
): TokenDocument {
  const grown = grow(doc, branchOf(doc, key).tip, tokens);
  const branches = doc.branches.map((b) => (b.key === key ? { ...b, tip: grown.tip } : b));
  return { ...doc, nodes: grown.nodes, branches };
}

/**
 * A new branch: the active path's first `position` tokens, then `tokens`; it becomes active, the old path stays.
 * With no tokens it is a cut. Where a branch with exactly this end exists, that one becomes active instead.
 */
export function branchAt(
  doc: TokenDocument,
  position: number,
  tokens: readonly NewToken[],
): TokenDocument {
  const path = activePath(doc);
  if (!Number.isInteger(position) || position < 0 || position > path.length) {
    throw new RangeError(`branchAt: position ${position} is not in 0 to ${path.length}`);
  }
  const grown = grow(doc, path[position - 1] ?? null, tokens);
  return openBranch({ ...doc, nodes: grown.nodes }, grown.tip);
}

/** Writes one token at a position: extends the branch at its end, else starts a branch; the token that stands there already is no change. */
export function chooseAt(doc: TokenDocument, position: number, token: NewToken): TokenDocument {
  const path = activePath(doc);
  if (position === path.length) return extend(doc, [token]);
  const there = path[position];
  if (there !== undefined && nodeAt(doc, there).id === token.id) return doc;
  return branchAt(doc, position, [token]);
}

/** Positions [from, to), and what becomes of the tokens after them. */
interface SplicedRange {
  readonly from: number;
  readonly to: number;
  readonly turnShift?: number;
  /** Where the kept tokens end; the path's end unless told. */
  readonly end?: number;
}

/** A new branch in which positions [from, to) are replaced by `tokens` and the later tokens are kept up to `end`, their turns shifted by `turnShift`. */
export function spliceAt(
  doc: TokenDocument,
  range: SplicedRange,
  tokens: readonly NewToken[],
): TokenDocument {
  const later = nodesOf(doc, activePath(doc).slice(range.to, range.end)).map(
    ({ id, origin, turn, role, part }) => ({
      id,
      origin,
      turn: turn + (range.turnShift ?? 0),
      role,
      part,
    }),
  );
  return branchAt(doc, range.from, [...tokens, ...later]);
}

/** The same node table with one empty branch under a key of its own: a new conversation, in which every NodeId still means the same. */
export function newConversation(doc: TokenDocument): TokenDocument {
  const key = nextKey(doc);
  return { ...doc, branches: [{ key, tip: null, ...toolsOf(doc) }], activeKey: key };
}

/** The branches of `other` over both node tables, the first of them active; node i of `other` becomes node `doc.nodes.length + i`. */
export function openDocument(doc: TokenDocument, other: TokenDocument): TokenDocument {
  const offset = doc.nodes.length;
  const shifted = (id: NodeId | null) => (id === null ? null : ((id + offset) as NodeId));
  const firstKey = nextKey(doc);
  return {
    nodes: [...doc.nodes, ...other.nodes.map((n) => ({ ...n, parent: shifted(n.parent) }))],
    branches: other.branches.map((b, i) => ({ ...b, key: firstKey + i, tip: shifted(b.tip) })),
    activeKey: firstKey,
  };
}

/** Makes another branch the active one. */
export function switchBranch(doc: TokenDocument, key: number): TokenDocument {
  return { ...doc, activeKey: branchOf(doc, key).key };
}

/** Names a branch; an empty name takes the old one away. The same document where nothing changes. */
export function renameBranch(doc: TokenDocument, key: number, name: string): TokenDocument {
  const { name: before, ...unnamed } = branchOf(doc, key);
  const trimmed = name.trim();
  if (trimmed === (before ?? "")) return doc;
  const named = trimmed === "" ? unnamed : { ...unnamed, name: trimmed };
  return { ...doc, branches: doc.branches.map((b) => (b.key === key ? named : b)) };
}

/**
 * Without a branch; its tokens stay in the node table, so that Undo brings it back. Where it was active, the branch that shares most with it becomes so.
 * Throws UsageError for the only branch, RangeError for a key that is none.
 */
export function deleteBranch(doc: TokenDocument, key: number): TokenDocument {
  const deleted = pathTo(doc, branchOf(doc, key).tip);
  const branches = doc.branches.filter((branch) => branch.key !== key);
  const nearest = nearestBranch({ ...doc, branches }, deleted);
  if (nearest === null) {
    throw new UsageError("This is the only branch: begin a new conversation to put it away.");
  }
  const activeKey = doc.activeKey === key ? nearest.key : doc.activeKey;
  return { ...doc, branches, activeKey, lastKey: highestKey(doc) };
}

/** The branch that shares the longest beginning with a path, the oldest of equals, `except` left out; null where there is none. */
export function nearestBranch(
  doc: TokenDocument,
  path: readonly NodeId[],
  except?: number,
): Branch | null {
  let best: { readonly branch: Branch; readonly shared: number } | null = null;
  for (const branch of doc.branches) {
    const shared = sharedLength(pathTo(doc, branch.tip), path);
    if (branch.key !== except && shared > (best?.shared ?? -1)) best = { branch, shared };
  }
  return best?.branch ?? null;
}

/** How many tokens two paths share from the root. */
export function sharedLength(a: readonly NodeId[], b: readonly NodeId[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

/** True where `ancestor` lies on the path to `tip`; null, the empty path, lies on every path. */
export function isOnPath(doc: TokenDocument, ancestor: NodeId | null, tip: NodeId | null): boolean {
  if (ancestor === null) return true;
  const { position } = nodeAt(doc, ancestor);
  let at = tip;
  while (at !== null && nodeAt(doc, at).position > position) at = nodeAt(doc, at).parent;
  return at === ancestor;
}

/** The active branch with these tools, JSON of their definitions, or without any. */
export function setBranchTools(doc: TokenDocument, tools: string | null): TokenDocument {
  const branches = doc.branches.map((branch) => {
    const { tools: _before, ...bare } = branch;
    if (branch.key !== doc.activeKey) return branch;
    return tools === null ? bare : { ...bare, tools };
  });
  return { ...doc, branches };
}

function toolsOf(doc: TokenDocument): Pick<Branch, "tools"> {
  const { tools } = branchOf(doc);
  return tools === undefined ? {} : { tools };
}

/** Adds a branch that ends at `tip` and makes it active, or makes the branch that already ends there active. */
export function openBranch(doc: TokenDocument, tip: NodeId | null): TokenDocument {
  const existing = doc.branches.find((branch) => branch.tip === tip);
  if (existing !== undefined) return { ...doc, activeKey: existing.key };
  const key = nextKey(doc);
  return { ...doc, branches: [...doc.branches, { key, tip, ...toolsOf(doc) }], activeKey: key };
}

/** The highest key that was ever given in this document. */
export function highestKey(doc: TokenDocument): number {
  return Math.max(doc.lastKey ?? 0, ...doc.branches.map((branch) => branch.key));
}

function nextKey(doc: TokenDocument): number {
  return 1 + highestKey(doc);
}

interface Grown {
  readonly nodes: readonly TokenNode[];
  readonly tip: NodeId | null;
}

/** Writes tokens below a node; a child that is the same token, come in the same way, is used again, so equal paths are one path. */
function grow(doc: TokenDocument, from: NodeId | null, tokens: readonly NewToken[]): Grown {
  const nodes = [...doc.nodes];
  let tip = from;
  for (const token of tokens) {
    const position: number = tip === null ? 0 : (nodes[tip]?.position ?? 0) + 1;
    const isNew = tip !== null && tip >= doc.nodes.length; // a node written just now has no children
    const same = isNew ? -1 : nodes.findIndex((n) => n.parent === tip && isSameToken(n, token));
    if (same === -1) nodes.push({ ...token, parent: tip, position });
    tip = (same === -1 ? nodes.length - 1 : same) as NodeId;
  }
  return { nodes, tip };
}

function isSameToken(a: NewToken, b: NewToken): boolean {
  return (
    a.id === b.id &&
    a.origin === b.origin &&
    a.turn === b.turn &&
    a.role === b.role &&
    a.part === b.part
  );
}
