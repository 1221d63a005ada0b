// The panel's view of the state, without a blink between a token and its score.

import { useEffect, useMemo, useRef, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { type Panel, type PanelInputs, panelView } from "../views/panel.ts";
import { usePage } from "./store-context.ts";

/** The panel, and whether its candidates are those of the place shown before, kept until the new ones are there. */
export interface HeldPanel extends Panel {
  readonly isStale: boolean;
}

/** The panel; made again only when something that it shows has changed. */
export function usePanel(): HeldPanel {
  const inputs = usePage(
    useShallow(
      (state): PanelInputs => ({
        history: state.history,
        scores: state.scores,
        vocabulary: state.vocabulary,
        position: state.position,
        view: state.view,
        settings: state.settings,
        seed: state.seed,
        redraws: state.redraws,
        settled: state.settled,
        query: state.query,
        search: state.search,
        model: state.model,
        edit: state.edit,
        recordedTips: state.recordedTips,
      }),
    ),
  );
  const panel = useMemo(() => panelView(inputs), [inputs]);
  const isLate = useLate(panel.isPending);
  const lastWhole = useRef<Panel | null>(null);
  useEffect(() => {
    if (panel.table !== null) lastWhole.current = panel;
  }, [panel]);
  const last = panel.isPending && !isLate ? lastWhole.current : null;
  return last === null
    ? { ...panel, isStale: false }
    : { ...panel, table: last.table, draw: last.draw, absence: "", isStale: true };
}

const HOLD_MS = 250; // long enough for a token's score, too short to be read as this place's list

/** True once something has been pending for longer than the old list may stand in. */
function useLate(isPending: boolean): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!isPending) return;
    const timer = setTimeout(() => setLate(true), HOLD_MS);
    return () => clearTimeout(timer);
  }, [isPending]);
  return isLate;
}
