// The scrolling part of the conversation: legend, strip, and the way to the system prompt.

import { canWrite } from "../views/composer.ts";
import { activeDocumentPath } from "../views/path.ts";
import { EmptyStrip } from "./EmptyStrip.tsx";
import { Legend } from "./Legend.tsx";
import { Strip } from "./Strip.tsx";
import { useActions, usePage } from "./store-context.ts";
import { PHONE, useMedia } from "./use-media.ts";

/** The conversation as tokens. */
export function Script() {
  const isEmpty = usePage((state) => activeDocumentPath(state.history.present).nodes.length === 0);
  const startsWithSystem = usePage(
    (state) => activeDocumentPath(state.history.present).turns[0]?.role === "system",
  );
  return (
    <div className={startsWithSystem ? "script with-edit" : "script"}>
      <Legend />
      <div className="strip-frame">
        {startsWithSystem && <EditSystemPrompt />}
        {isEmpty ? <EmptyStrip /> : <Strip />}
      </div>
    </div>
  );
}

// It stands beside the listbox, which may hold options alone, and lies over the gutter of the first turn.
function EditSystemPrompt() {
  const actions = useActions();
  const isWritable = usePage(canWrite);
  const isPhone = useMedia(PHONE);
  return (
    <button
      type="button"
      className="btn plain edit-system"
      aria-label="Edit the system prompt"
      aria-disabled={!isWritable}
      title={isWritable ? undefined : "this needs the model"}
      onClick={() => {
        if (!isWritable) return;
        if (isPhone) actions.openDrawer(null); // it lies over the message
        actions.editSystemPrompt();
        requestAnimationFrame(() => document.getElementById("message")?.focus()); // a phone opens the sheet first
      }}
    >
      edit
    </button>
  );
}
