// Raw or after settings, and the search over the whole vocabulary.

import type { KeyboardEvent } from "react";
import { placingEdit } from "../views/edit.ts";
import { searchKey } from "./key-press.ts";
import { useActions, usePage } from "./store-context.ts";

/** Which probability is shown, and of which tokens. */
export function ViewSwitch() {
  const actions = useActions();
  const view = usePage((state) => state.view);
  const query = usePage((state) => state.query);
  const isPlacing = usePage((state) => placingEdit(state) !== null);
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const verb = searchKey(event);
    if (verb === "leave") {
      event.preventDefault();
      if (query === "" && isPlacing) actions.leaveEdit();
      if (query === "") document.querySelector<HTMLElement>('#strip [tabindex="0"]')?.focus();
      else actions.setQuery("");
    } else if (verb === "list") {
      event.preventDefault();
      document.querySelector<HTMLElement>('#candidates [role="option"]')?.focus();
    }
  };
  return (
    <div className="view">
      {/* biome-ignore lint/a11y/useSemanticElements: two buttons, not a form's fields */}
      <div className="seg" role="group" aria-label="Which probability">
        <button type="button" aria-pressed={view === "raw"} onClick={() => actions.setView("raw")}>
          Raw
        </button>
        <button
          type="button"
          aria-pressed={view === "after"}
          onClick={() => actions.setView("after")}
        >
          After settings
        </button>
      </div>
      <input
        className="field"
        id="search"
        type="search"
        placeholder="Find any token"
        aria-label="Find any token in the vocabulary, by text or id"
        autoComplete="off"
        value={query}
        onChange={(event) => actions.setQuery(event.target.value)}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}
