// The panel's view of the state, without a blink between a token and its score.

import { useEffect, useMemo, useRef } from "react";
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
      }),
    ),
  );
  const panel = useMemo(() => panelView(inputs), [inputs]);
  const lastWhole = useRef<Panel | null>(null);
  useEffect(() => {
    if (panel.table !== null) lastWhole.current = panel;
  }, [panel]);
  const last = panel.isPending ? lastWhole.current : null;
  return last === null
    ? { ...panel, isStale: false }
    : { ...panel, table: last.table, draw: last.draw, absence: "", isStale: true };
}
