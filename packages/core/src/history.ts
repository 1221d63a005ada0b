// Undo and redo over documents. Undo moves back, and never takes a branch or a path away; only redoing a deletion does.

import { highestKey, isOnPath, openBranch, type TokenDocument } from "./document.ts";

/** The versions of a document: those before the present one, oldest first, and those that were undone, next first. */
export interface History {
  readonly past: readonly TokenDocument[];
  readonly present: TokenDocument;
  readonly future: readonly TokenDocument[];
}

const MAX_PAST = 10_000; // a version is a list of branches over the shared nodes; nobody takes so many steps back

/** A history that starts at this document. */
export function startHistory(present: TokenDocument): History {
  return { past: [], present, future: [] };
}

/** A new version after the present one. Tokens that were undone and lie on no branch of it are kept as branches. */
export function record(history: History, next: TokenDocument): History {
  if (next === history.present) return history;
  const past = [...history.past, history.present].slice(-MAX_PAST);
  const { nodes } = next; // holds all nodes of the versions before: they need no table of their own
  return {
    past: past.map((version) => (version.nodes === nodes ? version : { ...version, nodes })),
    present: keepAbandoned(next, history),
    future: [],
  };
}

/** What was undone as branches of the present version, nothing left to redo: before another conversation takes its place, which has no part in it. */
export function settle(history: History): History {
  if (history.future.length === 0) return history;
  return { ...history, present: keepAbandoned(history.present, history), future: [] };
}

/** Replaces the present version without a new step: the tokens of one generation are one step. */
export function amend(history: History, next: TokenDocument): History {
  return { ...history, present: next };
}

/** The version before, with every branch made since still there; unchanged where there is none. */
export function undo(history: History): History {
  const previous = history.past.at(-1);
  if (previous === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: restore(previous, history.present),
    future: [history.present, ...history.future],
  };
}

/** The version that was undone last; unchanged where there is none. */
export function redo(history: History): History {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return {
    past: [...history.past, history.present],
    present: restore(next, history.present),
    future,
  };
}

/** The tips and the active branch of `version`, over all nodes of `current` and the branches made since. A branch that `version` knew and does not hold was deleted before it. */
function restore(version: TokenDocument, current: TokenDocument): TokenDocument {
  const nodes = current.nodes.length > version.nodes.length ? current.nodes : version.nodes;
  const known = highestKey(version);
  const since = current.branches.filter(({ key, tip }) => tip !== null && key > known);
  const branches = [...version.branches, ...since].toSorted((a, b) => a.key - b.key);
  const lastKey = Math.max(known, highestKey(current));
  return { nodes, branches, activeKey: version.activeKey, lastKey };
}

/** `next` with a branch for what was undone and lies on no branch of it; what lay on a branch of the version before it was put away on purpose. */
function keepAbandoned(next: TokenDocument, { present, future }: History): TokenDocument {
  let kept = next;
  const tips = future.flatMap((version) => version.branches.map((branch) => branch.tip));
  const deepestFirst = tips.toSorted((a, b) => depth(next, b) - depth(next, a));
  for (const tip of deepestFirst) {
    const isOn = (doc: TokenDocument): boolean =>
      doc.branches.some((branch) => isOnPath(next, tip, branch.tip));
    if (!isOn(kept) && !isOn(present)) {
      kept = { ...openBranch(kept, tip), activeKey: next.activeKey };
    }
  }
  return kept;
}

function depth(doc: TokenDocument, tip: TokenDocument["branches"][number]["tip"]): number {
  return tip === null ? -1 : (doc.nodes[tip]?.position ?? -1);
}
