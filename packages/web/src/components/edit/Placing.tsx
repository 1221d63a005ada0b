// An edit that waits for a token: what choosing one does, and the way out. At the first position also where to find one.

import { useActions } from "../store-context.ts";
import type { HeldPanel } from "../use-panel.ts";
import { FoundList } from "./FoundList.tsx";

/** The line under the list while a token is to be put in place or inserted. */
export function Placing({ panel }: { readonly panel: HeldPanel }) {
  const { leaveEdit } = useActions();
  const leave = () => {
    leaveEdit();
    document.querySelector<HTMLElement>('#strip [tabindex="0"]')?.focus();
  };
  return (
    <p className="pick placing">
      <span>
        {panel.choosing} <span className="keeping">{panel.keeping}</span>
      </span>
      <button type="button" className="btn plain copy" onClick={leave}>
        Leave <kbd>Esc</kbd>
      </button>
    </p>
  );
}

/** In place of the candidates where nothing is predicted. */
export function FirstToken({ panel }: { readonly panel: HeldPanel }) {
  return (
    <div className="table">
      <FoundList />
      <Placing panel={panel} />
    </div>
  );
}
