// Buttons that go from the most surprising token to the next, and so on.

import type { JumpKind } from "../../views/jumps.ts";
import { useActions } from "../store-context.ts";

const JUMPS: readonly { readonly kind: JumpKind; readonly key: string }[] = [
  { kind: "surprising", key: "N" },
  { kind: "certain", key: "Y" },
  { kind: "uncertain", key: "Q" },
];

/** One button a kind; with Shift, a button or its key goes back. */
export function JumpButtons() {
  const { jumpTo } = useActions();
  return (
    // biome-ignore lint/a11y/useSemanticElements: buttons, not a form's fields
    <div className="jumps" role="group" aria-label="Go to the most">
      <span className="label" aria-hidden="true">
        Go to the most
      </span>
      {JUMPS.map(({ kind, key }) => (
        <button
          key={kind}
          type="button"
          className="btn plain"
          aria-keyshortcuts={`${key} Shift+${key}`}
          title={`The most ${kind}, then the next; with Shift the one before`}
          onClick={({ shiftKey }) => jumpTo(kind, shiftKey ? -1 : 1)}
        >
          {kind} <kbd>{key}</kbd>
        </button>
      ))}
    </div>
  );
}
