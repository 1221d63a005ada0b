// One span in full, or two side by side: figures, the sum written out, and what such numbers mean.

import "../../styles/span-part.css";
import { useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import {
  type ComparedFigure,
  type SpanHead,
  type SpanView,
  spanView,
} from "../../views/span-view.ts";
import { Piece } from "../Piece.tsx";
import { useActions, usePage } from "../store-context.ts";
import { BitsScale } from "./BitsScale.tsx";
import { WrittenSum } from "./WrittenSum.tsx";

/** The span shown, or the reply; beside it the one that is held. */
export function SpanPart() {
  const actions = useActions();
  const inputs = usePage(
    useShallow(({ history, scores, vocabulary, span, heldSpan }) => ({
      history,
      scores,
      vocabulary,
      span,
      heldSpan,
    })),
  );
  const view = useMemo(() => spanView(inputs), [inputs]);
  if (view === null) {
    return <p className="hint">No reply yet. Select a span, or write one, to see what it costs.</p>;
  }
  return (
    <div className="span-part">
      <Figures view={view} />
      <div className="span-hold">
        <button type="button" className="btn" onClick={actions.holdSpan}>
          {view.a === null ? "Hold as A" : "Hold this as A instead"}
        </button>
        {view.a === null ? (
          <span className="label">Then select another span, on any branch, to compare.</span>
        ) : (
          <button type="button" className="btn plain" onClick={actions.releaseSpan}>
            Let go of A
          </button>
        )}
      </div>
      {view.sum !== null && <WrittenSum sum={view.sum} />}
      {view.notes.map((note) => (
        <p key={note} className="label">
          {note}
        </p>
      ))}
      <BitsScale marks={view.marks} />
    </div>
  );
}

function Figures({ view }: { readonly view: SpanView }) {
  const { a, b, figures } = view;
  return (
    <table className="figures">
      <thead>
        <tr>
          <th scope="col">{view.isReply ? "Reply" : "Span"}</th>
          {figures.map(({ label }) => (
            <th key={label} scope="col" className="num">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {a !== null && <FigureRow head={a} cells={figures.map((figure) => figure.a ?? "")} />}
        <FigureRow head={b} cells={figures.map((figure) => figure.b)} />
        {a !== null && (
          <>
            <ChangeRow name="B less A" figures={figures} of="difference" />
            <ChangeRow name="B to A" figures={figures} of="ratio" />
          </>
        )}
      </tbody>
    </table>
  );
}

function FigureRow({ head, cells }: { readonly head: SpanHead; readonly cells: string[] }) {
  return (
    <tr>
      <th scope="row">
        {head.name !== "" && <b className="span-name">{head.name}</b>} {head.range}{" "}
        <span className="mono">
          <Piece segments={head.segments} />
          {head.isCutShort && "…"}
        </span>
      </th>
      {cells.map((cell, column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the columns are fixed
        <td key={column} className="num">
          {cell}
        </td>
      ))}
    </tr>
  );
}

interface ChangeRowProps {
  readonly name: string;
  readonly figures: readonly ComparedFigure[];
  readonly of: "difference" | "ratio";
}

function ChangeRow({ name, figures, of }: ChangeRowProps) {
  return (
    <tr className="change">
      <th scope="row">{name}</th>
      {figures.map((figure) => (
        <td key={figure.label} className="num">
          {figure[of]}
        </td>
      ))}
    </tr>
  );
}
