// The panel beside the strip on a desktop, and the sheet with four tabs on a phone.

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { placingEdit } from "../views/edit.ts";
import { activeDocumentPath } from "../views/path.ts";
import { CandidateList } from "./CandidateList.tsx";
import { Composer } from "./Composer.tsx";
import { DrawStrip } from "./DrawStrip.tsx";
import { PhoneActions } from "./PhoneActions.tsx";
import { PositionHead } from "./PositionHead.tsx";
import { Sampling } from "./Sampling.tsx";
import { SpanSection } from "./SpanSection.tsx";
import { stepInTabs } from "./steps.ts";
import { useActions, usePage } from "./store-context.ts";
import { usePanel } from "./use-panel.ts";
import { ViewSwitch } from "./ViewSwitch.tsx";

/** Position, candidates, draw and sampling, one under another. */
export function DesktopPanel() {
  const panel = usePanel();
  return (
    <section className="dist" aria-label="Next-token distribution">
      <PositionHead header={panel.header} />
      <ViewSwitch />
      <CandidateList panel={panel} />
      <DrawStrip panel={panel} />
      <Sampling />
    </section>
  );
}

const TABS = ["Next token", "Sampling", "Span", "Write"] as const;
type Tab = (typeof TABS)[number];

interface PhoneSheetProps {
  /** Whether a drawer lies over it: then no key reaches what is in it. */
  readonly isCovered: boolean;
  /** The same of the verbs, which stand under the strip in a low window. */
  readonly areVerbsCovered: boolean;
}

/** The sheet of a phone, with the verbs under it. */
export function PhoneSheet({ isCovered, areVerbsCovered }: PhoneSheetProps) {
  const [tab, setTab] = useFollowingTab();
  const tabs = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const index = stepInTabs(event.key, { at: TABS.indexOf(tab), last: TABS.length - 1 });
    if (index === null) return;
    event.preventDefault();
    setTab(TABS[index] ?? tab);
    (tabs.current?.children[index] as HTMLElement | undefined)?.focus();
  };
  return (
    <>
      <section className="dist" aria-label="Panels" inert={isCovered}>
        <div
          ref={tabs}
          className="sheet-tabs"
          role="tablist"
          aria-label="Panels"
          onKeyDown={onKeyDown}
        >
          {TABS.map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={tabId(name)}
              aria-selected={name === tab}
              aria-controls="sheet"
              tabIndex={name === tab ? 0 : -1}
              onClick={() => setTab(name)}
            >
              {name}
            </button>
          ))}
        </div>
        <div className="sheet" id="sheet" role="tabpanel" aria-labelledby={tabId(tab)}>
          <SheetContent tab={tab} />
        </div>
      </section>
      <PhoneActions hasMain={tab !== "Write"} isCovered={areVerbsCovered} />
    </>
  );
}

/** The sheet goes where the finger went: a token, a span, the system prompt; where nothing is written, to the message. Sampling stays, for the draw is there. */
function useFollowingTab() {
  const { openDrawer } = useActions();
  const [tab, setTab] = useState<Tab>("Next token");
  const position = usePage((state) => state.position);
  const span = usePage((state) => state.span);
  const isPrompt = usePage((state) => state.role === "system");
  const isEmpty = usePage((state) => activeDocumentPath(state.history.present).ids.length === 0);
  const isPlacing = usePage((state) => placingEdit(state) !== null);
  const isFirst = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another position is what the sheet follows
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    if (span !== null) setTab("Span");
    else setTab((now) => (now === "Sampling" ? now : "Next token"));
  }, [position, span]);
  useEffect(() => {
    if (isPrompt || isEmpty) setTab("Write");
  }, [isPrompt, isEmpty]);
  useEffect(() => {
    if (!isPlacing) return;
    setTab("Next token"); // the token is chosen there
    openDrawer(null); // which lies over it
  }, [isPlacing, openDrawer]);
  return [tab, setTab] as const;
}

function SheetContent({ tab }: { readonly tab: Tab }) {
  switch (tab) {
    case "Next token":
      return <NextTokenSheet />;
    case "Sampling":
      return <SamplingSheet />;
    case "Span":
      return <SpanSection />;
    case "Write":
      return <Composer />;
    default:
      return tab satisfies never;
  }
}

function NextTokenSheet() {
  const panel = usePanel();
  return (
    <>
      <PositionHead header={panel.header} />
      <ViewSwitch />
      <CandidateList panel={panel} />
    </>
  );
}

function SamplingSheet() {
  const panel = usePanel();
  return (
    <>
      <DrawStrip panel={panel} />
      <Sampling />
    </>
  );
}

function tabId(tab: Tab): string {
  return `tab-${TABS.indexOf(tab)}`;
}
