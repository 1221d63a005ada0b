// The head of the panel: position, context, four numbers.

import type { PositionHeader } from "../views/position-header.ts";
import { EditMenu } from "./edit/EditMenu.tsx";
import { Piece } from "./Piece.tsx";
import { useActions, usePage } from "./store-context.ts";

/** Which position is shown, and how its token stands. */
export function PositionHead({ header }: { readonly header: PositionHeader }) {
  return (
    <div className="pos">
      <header>
        <h2>{header.title}</h2>
        <span className="label">
          {header.where}
          <span className="turn-word">{header.turnWord}</span>
          {!header.isEmpty && <span className="entropy"> · entropy {header.entropy}</span>}
        </span>
        <span className="grow" />
        {!header.isEmpty && <EditMenu />}
        {!header.isEmpty && <LookDeeper />}
        {!header.isEmpty && <Neighbours header={header} />}
      </header>
      {!header.isEmpty && <Figures header={header} />}
    </div>
  );
}

function Figures({ header }: { readonly header: PositionHeader }) {
  const { token } = header;
  return (
    <>
      <div className="ctx">
        <span>
          <bdi>
            <Piece segments={header.context} />
          </bdi>
        </span>
        <b className={`c${token.surprise}`}>
          <Piece segments={token.segments} />
        </b>
        {header.origin !== "" && <em>{header.origin}</em>}
      </div>
      <dl className="stats">
        {header.measures.map(({ label, value, unit }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {value} {unit !== "" && <small>{unit}</small>}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function LookDeeper() {
  const { toggleDrawer } = useActions();
  const isOpen = usePage((state) => state.drawer === "deeper");
  return (
    <button
      type="button"
      className="btn plain deeper-button"
      aria-expanded={isOpen}
      aria-keyshortcuts="I"
      onClick={() => toggleDrawer("deeper")}
    >
      Look deeper
    </button>
  );
}

function Neighbours({ header }: { readonly header: PositionHeader }) {
  const actions = useActions();
  const { previous, next } = header;
  return (
    <>
      <button
        type="button"
        className="btn plain"
        aria-disabled={previous === null}
        onClick={() => previous !== null && actions.moveBy(-1)}
      >
        <span aria-hidden="true">‹</span>
        <span className="vh">Previous position</span> {previous}
      </button>
      <button
        type="button"
        className="btn plain"
        aria-disabled={next === null}
        onClick={() => next !== null && actions.moveBy(1)}
      >
        <span className="vh">Next position</span> {next}
        <span aria-hidden="true">›</span>
      </button>
    </>
  );
}
