// The panel's view of the state.

import { useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import { type Panel, type PanelInputs, panelView } from "../views/panel.ts";
import { usePage } from "./store-context.ts";

/** The panel; made again only when something that it shows has changed. */
export function usePanel(): Panel {
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
  return useMemo(() => panelView(inputs), [inputs]);
}
