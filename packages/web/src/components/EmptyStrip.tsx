// What stands where the tokens will be.

import { useActions, usePage } from "./store-context.ts";

/** The first words of the page, and a way to the recorded example. */
export function EmptyStrip() {
  const actions = useActions();
  const isBase = usePage(({ model }) => model.kind === "ready" && !model.loaded.hasTemplate);
  return (
    <div className="empty" id="strip" tabIndex={-1}>
      <p>
        {isBase
          ? "Write the beginning of a text and press End turn. You will see it as the model does, one token after another, and it goes on where you stop."
          : "Write a message and press End turn. You will see it as the model does: one token after another, with the markers that say whose turn it is."}
      </p>
      <button type="button" className="btn" onClick={actions.openRecording}>
        Open the recorded example
      </button>
    </div>
  );
}
