// What stands where the tokens will be.

import { useActions } from "./store-context.ts";

/** The first words of the page, and a way to the recorded example. */
export function EmptyStrip() {
  const actions = useActions();
  return (
    <div className="empty" id="strip" tabIndex={-1}>
      <p>
        Write a message and press End turn. You will see it as the model does: one token after
        another, with the markers that say whose turn it is.
      </p>
      <button type="button" className="btn" onClick={actions.openRecording}>
        Open the recorded example
      </button>
    </div>
  );
}
