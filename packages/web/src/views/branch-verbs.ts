// Which verbs on branches work, and why the others do not.

import type { AppState } from "../store/state.ts";
import { canWrite } from "./composer.ts";
import { activeDocumentPath } from "./path.ts";

/** Null where a verb works. */
export interface BranchBlocks {
  readonly rename: string | null;
  readonly remove: string | null;
  readonly compare: string | null;
}

/** The verbs for so many branches. */
export function branchVerbs(count: number, isWriting: boolean): BranchBlocks {
  const busy = isWriting ? "the model is writing" : null;
  const only = count === 1 ? "there is only one branch" : null;
  return { rename: busy, remove: busy ?? only, compare: only };
}

/** Why another system prompt cannot be tried now; null where it can. */
export function promptBlocks(
  state: Pick<AppState, "model" | "work" | "history" | "otherPrompt">,
): string | null {
  const { model, history } = state;
  if (model.kind !== "ready") return "this needs the model";
  if (!canWrite(state)) return "the model is writing";
  if (!model.loaded.hasTemplate) return "this model has no chat template, so no system turn";
  const { turns } = activeDocumentPath(history.present);
  const hasReply = turns.some(({ role }) => role === "assistant");
  return hasReply ? null : "write a message first";
}
