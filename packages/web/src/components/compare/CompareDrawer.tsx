// Two branches side by side, whether the text recovers after a forced token, and one message under two system prompts.

import "../../styles/compare.css";
import type { KeyboardEvent } from "react";
import type { BranchesState } from "../../store/branches.ts";
import { Drawer } from "../Drawer.tsx";
import { compareKey } from "../key-press.ts";
import { useActions, usePage } from "../store-context.ts";
import { ComparePart } from "./ComparePart.tsx";
import { PromptsPart } from "./PromptsPart.tsx";
import { RecoverPart } from "./RecoverPart.tsx";

const VIEWS: readonly { readonly view: BranchesState["compareView"]; readonly name: string }[] = [
  { view: "compare", name: "Side by side" },
  { view: "recover", name: "Recover" },
  { view: "prompts", name: "Two prompts" },
];

/** True where a letter is text, or finds a choice of a list. */
function isWritten(target: EventTarget): boolean {
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** The drawer and its switch. */
export function CompareDrawer() {
  const { setCompareView, toggleCompare } = useActions();
  const shown = usePage((state) => state.compareView);
  const onKey = (event: KeyboardEvent) => {
    const view = isWritten(event.target) ? null : compareKey(event);
    if (view === null) return;
    event.preventDefault();
    toggleCompare(view);
  };
  const tools = (
    // biome-ignore lint/a11y/useSemanticElements: buttons, not a form's fields
    <div className="seg" role="group" aria-label="View">
      {VIEWS.map(({ view, name }) => (
        <button
          key={view}
          type="button"
          aria-pressed={view === shown}
          onClick={() => setCompareView(view)}
        >
          {name}
        </button>
      ))}
    </div>
  );
  return (
    <Drawer title="Compare branches" tools={tools} onKey={onKey}>
      {shown === "compare" && <ComparePart />}
      {shown === "recover" && <RecoverPart />}
      {shown === "prompts" && <PromptsPart />}
    </Drawer>
  );
}
