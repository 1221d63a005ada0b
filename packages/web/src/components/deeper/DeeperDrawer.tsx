// Look deeper: four ways into the run behind a token, one at a time.

import "../../styles/deeper.css";
import { type KeyboardEvent, useRef } from "react";
import type { DeeperView } from "../../store/deeper.ts";
import { activeDocumentPath, lastPosition } from "../../views/path.ts";
import { Drawer } from "../Drawer.tsx";
import { isDeeperKey } from "../key-press.ts";
import { stepInTabs } from "../steps.ts";
import { useActions, usePage } from "../store-context.ts";
import { AttentionPart } from "./AttentionPart.tsx";
import { EnginesPart } from "./EnginesPart.tsx";
import { LensPart } from "./LensPart.tsx";
import { LogitPart } from "./LogitPart.tsx";

const PARTS: readonly { readonly view: DeeperView; readonly title: string }[] = [
  { view: "lens", title: "Logit lens" },
  { view: "attention", title: "Attention" },
  { view: "logit", title: "One logit" },
  { view: "engines", title: "Two engines" },
];

/** The drawer with its four parts. */
export function DeeperDrawer() {
  const view = usePage((state) => state.deeper.view);
  const { openDrawer } = useActions();
  const onKey = (event: KeyboardEvent): void => {
    if (!isDeeperKey(event)) return;
    event.preventDefault();
    openDrawer(null);
  };
  const tools = (
    <>
      <PartTabs view={view} />
      <LookAt />
    </>
  );
  return (
    <Drawer title="Look deeper" tools={tools} onKey={onKey}>
      <div className="deeper" id="deeper" role="tabpanel" aria-labelledby={`deeper-${view}`}>
        <Part view={view} />
      </div>
    </Drawer>
  );
}

/** From one position to the next without leaving the drawer, which covers the text on a phone. */
function LookAt() {
  const { moveBy } = useActions();
  const position = usePage((state) => state.position);
  const last = usePage((state) => lastPosition(activeDocumentPath(state.history.present)));
  return (
    <span className="look-at">
      <button
        type="button"
        className="btn plain"
        aria-label="Look at the position before"
        aria-disabled={position === 0}
        onClick={() => moveBy(-1)}
      >
        ‹
      </button>
      <span className="label">position {position}</span>
      <button
        type="button"
        className="btn plain"
        aria-label="Look at the position after"
        aria-disabled={position === last}
        onClick={() => moveBy(1)}
      >
        ›
      </button>
    </span>
  );
}

function Part({ view }: { readonly view: DeeperView }) {
  switch (view) {
    case "lens":
      return <LensPart />;
    case "attention":
      return <AttentionPart />;
    case "logit":
      return <LogitPart />;
    case "engines":
      return <EnginesPart />;
    default:
      return view satisfies never;
  }
}

function PartTabs({ view }: { readonly view: DeeperView }) {
  const { setDeeper } = useActions();
  const tabs = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = PARTS.findIndex((part) => part.view === view);
    const to = stepInTabs(event.key, { at, last: PARTS.length - 1 });
    if (to === null) return;
    event.preventDefault();
    const part = PARTS[to];
    if (part !== undefined) setDeeper({ view: part.view });
    tabs.current?.querySelectorAll("button")[to]?.focus();
  };
  return (
    <div
      ref={tabs}
      className="seg"
      role="tablist"
      aria-label="Parts of Look deeper"
      onKeyDown={onKeyDown}
    >
      {PARTS.map((part) => (
        <button
          key={part.view}
          type="button"
          role="tab"
          id={`deeper-${part.view}`}
          aria-selected={part.view === view}
          aria-controls="deeper"
          tabIndex={part.view === view ? 0 : -1}
          onClick={() => setDeeper({ view: part.view })}
        >
          {part.title}
        </button>
      ))}
    </div>
  );
}
