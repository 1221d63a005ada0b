// What every part of Look deeper reads of the page.

import { useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import type { AppState } from "../../store/state.ts";
import { type DeeperPlace, deeperPlace } from "../../views/deeper.ts";
import { usePage } from "../store-context.ts";

export interface Deeper
  extends Pick<AppState, "deeper" | "model" | "vocabulary" | "scores" | "precision"> {
  readonly place: DeeperPlace;
}

/** The drawer's settings and findings, and the place that they are about. */
export function useDeeper(): Deeper {
  const inputs = usePage(
    useShallow((state) => ({
      history: state.history,
      scores: state.scores,
      position: state.position,
      deeper: state.deeper,
      model: state.model,
      vocabulary: state.vocabulary,
      precision: state.precision,
    })),
  );
  const place = useMemo(() => deeperPlace(inputs), [inputs]);
  return { ...inputs, place };
}
