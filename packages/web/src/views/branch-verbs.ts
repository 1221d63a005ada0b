// Which verbs on branches work, and why the others do not.

/** Null where a verb works. */
export interface BranchBlocks {
  readonly rename: string | null;
  readonly remove: string | null;
  readonly compare: string | null;
  readonly prompt: string | null;
}

/** The verbs for so many branches. */
export function branchVerbs(count: number, isWriting: boolean): BranchBlocks {
  const busy = isWriting ? "the model is writing" : null;
  const only = count === 1 ? "there is only one branch" : null;
  return { rename: busy, remove: busy ?? only, compare: only, prompt: null };
}
