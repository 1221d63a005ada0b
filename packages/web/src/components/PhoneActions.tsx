// The three verbs at the thumb.

import { composerView } from "../views/composer.ts";
import { activeDocumentPath } from "../views/path.ts";
import { ActionButton } from "./ActionButton.tsx";
import { useActions } from "./store-context.ts";
import { useComposerInputs } from "./use-composer.ts";

interface PhoneActionsProps {
  readonly hasMain: boolean;
  readonly isCovered: boolean;
}

/** Undo, Step, Generate; the last is the page's filled button unless the composer's is on screen. */
export function PhoneActions({ hasMain, isCovered }: PhoneActionsProps) {
  const actions = useActions();
  const inputs = useComposerInputs();
  const { blocked, isGenerating } = composerView(
    inputs,
    activeDocumentPath(inputs.history.present),
  );
  return (
    <div className="phone-acts" inert={isCovered}>
      <ActionButton blocked={blocked.undo} onPress={actions.undo}>
        Undo
      </ActionButton>
      <ActionButton blocked={blocked.write} onPress={actions.step}>
        Step
      </ActionButton>
      {isGenerating ? (
        <ActionButton kind={hasMain ? "main" : ""} blocked={null} onPress={actions.stop}>
          Stop
        </ActionButton>
      ) : (
        <ActionButton
          kind={hasMain ? "main" : ""}
          blocked={blocked.write}
          onPress={actions.generate}
        >
          Generate
        </ActionButton>
      )}
    </div>
  );
}
