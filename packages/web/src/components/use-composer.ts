// The parts of the state that the composer's view is made of.

import { useShallow } from "zustand/react/shallow";
import type { ComposerInputs } from "../views/composer.ts";
import { usePage } from "./store-context.ts";

/** What composerView takes; the component is drawn again when one of its parts changes. */
export function useComposerInputs(): ComposerInputs {
  return usePage(
    useShallow((state) => ({
      role: state.role,
      refusals: state.refusals,
      messageTokens: state.messageTokens,
      work: state.work,
      model: state.model,
      ending: state.ending,
      settings: state.settings,
      history: state.history,
      position: state.position,
      vocabulary: state.vocabulary,
    })),
  );
}
