// Surprise along the text: bits and entropy by position with the pinned tokens, or one span in full.

import "../../styles/surprise.css";
import type { KeyboardEvent } from "react";
import type { SurpriseState } from "../../store/surprise.ts";
import { Drawer } from "../Drawer.tsx";
import { useActions, usePage, usePageStore } from "../store-context.ts";
import { surpriseAction } from "../surprise-keys.ts";
import { AlongText } from "./AlongText.tsx";
import { JumpButtons } from "./JumpButtons.tsx";
import { SpanPart } from "./SpanPart.tsx";

const VIEWS: readonly { readonly view: SurpriseState["surpriseView"]; readonly name: string }[] = [
  { view: "chart", name: "By position" },
  { view: "span", name: "Span" },
];

/** The drawer: its two views, and the jumps. */
export function SurpriseDrawer() {
  const { setSurpriseView } = useActions();
  const store = usePageStore();
  const shown = usePage((state) => state.surpriseView);
  const onKey = (event: KeyboardEvent): void => {
    const act = surpriseAction(event, store.getState());
    if (act === null) return;
    event.preventDefault();
    act();
  };
  const tools = (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: two buttons, not a form's fields */}
      <div className="seg" role="group" aria-label="View">
        {VIEWS.map(({ view, name }) => (
          <button
            key={view}
            type="button"
            aria-pressed={view === shown}
            onClick={() => setSurpriseView(view)}
          >
            {name}
          </button>
        ))}
      </div>
      <JumpButtons />
    </>
  );
  return (
    <Drawer title="Along the text" tools={tools} onKey={onKey}>
      {shown === "chart" ? <AlongText /> : <SpanPart />}
    </Drawer>
  );
}
