// The verbs on a selected span, at the thumb of a phone, where the menu at the position is in another tab.

import { useShallow } from "zustand/react/shallow";
import { editBlocks } from "../../views/edit.ts";
import { ActionButton } from "../ActionButton.tsx";
import { useActions, usePage } from "../store-context.ts";

/** Replace, Remove, Edit as text, for the span. */
export function SpanEdits() {
  const actions = useActions();
  const blocks = usePage(useShallow(editBlocks));
  return (
    <>
      <ActionButton kind="plain" blocked={blocks.replace} onPress={actions.replaceTokens}>
        Replace
      </ActionButton>
      <ActionButton kind="plain" blocked={blocks.remove} onPress={actions.removeTokens}>
        Remove
      </ActionButton>
      <ActionButton kind="plain" blocked={blocks.text} onPress={actions.editAsText}>
        Edit as text
      </ActionButton>
    </>
  );
}
