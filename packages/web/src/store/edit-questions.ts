// What an edit asks of the tokenizer: what the text as typed would change, and which tokens there are where nothing is predicted.

import { editBlocks, placingEdit, textEditing } from "../views/edit.ts";
import { idsOf } from "./edits.ts";
import type { ModelLink } from "./model-link.ts";
import type { AppState } from "./state.ts";

interface Asked {
  readonly inputs: readonly unknown[];
  readonly answer: () => Promise<Partial<AppState>>;
}

const FOUND_ROWS = 40;

/** What the edited text would change; asked again for the newest text alone. */
export function textPreview(state: AppState, link: ModelLink): Asked | null {
  const edit = textEditing(state);
  if (edit === null || state.drawer !== "edit" || editBlocks(state).text !== null) return null;
  const { text, from, to, mark } = edit;
  const asked = { text, from, to, mark };
  return {
    inputs: [link.loads, text, from, to, mark],
    answer: () =>
      link.ask("textEdit", { ids: idsOf(state, edit), text }).then(
        (change) => ({ textPreview: { ...asked, edit: change, problem: null } }),
        (error: Error) => ({ textPreview: { ...asked, edit: null, problem: error.message } }),
      ),
  };
}

/** Tokens for the first position, where a search has no probabilities to go by. */
export function firstTokens(state: AppState, link: ModelLink): Asked | null {
  const { query, position, model } = state;
  const isFirst = position === 0 && placingEdit(state) !== null;
  if (!isFirst || model.kind !== "ready" || query.trim() === "") return null;
  return {
    inputs: [link.loads, query],
    answer: async () => ({
      found: { query, ...(await link.ask("find", { query, limit: FOUND_ROWS })) },
    }),
  };
}
