// The figures of one span or two as a table: a column a figure, and on a phone a row a figure.

import type { ComparedFigure, SpanHead, SpanView } from "../../views/span-view.ts";
import { Piece } from "../Piece.tsx";
import { PHONE, useMedia } from "../use-media.ts";

/** The table that fits the window. */
export function SpanFigures({ view }: { readonly view: SpanView }) {
  return useMedia(PHONE) ? <ByRow view={view} /> : <ByColumn view={view} />;
}

function ByColumn({ view }: { readonly view: SpanView }) {
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
        {a !== null && <SpanRow head={a} cells={figures.map((figure) => figure.a ?? "")} />}
        <SpanRow head={b} cells={figures.map((figure) => figure.b)} />
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

function SpanRow({ head, cells }: { readonly head: SpanHead; readonly cells: readonly string[] }) {
  return (
    <tr>
      <th scope="row">
        <HeadOf head={head} />
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

function ByRow({ view }: { readonly view: SpanView }) {
  const { a, b, figures } = view;
  const isCompared = a !== null;
  return (
    <>
      {[a, b].map(
        (head) =>
          head !== null && (
            <p key={head.name} className="span-head">
              {head.name === "" && (view.isReply ? "Reply " : "Span ")}
              <HeadOf head={head} />
            </p>
          ),
      )}
      <table className="figures">
        {isCompared && (
          <thead>
            <tr>
              <td />
              {["A", "B", "B less A", "B to A"].map((name) => (
                <th key={name} scope="col" className="num">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {figures.map((figure) => (
            <tr key={figure.label}>
              <th scope="row">{figure.label}</th>
              {isCompared && <td className="num">{figure.a}</td>}
              <td className="num">{figure.b}</td>
              {isCompared && <td className="num">{figure.difference}</td>}
              {isCompared && <td className="num">{figure.ratio}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function HeadOf({ head }: { readonly head: SpanHead }) {
  return (
    <>
      {head.name !== "" && <b className="span-name">{head.name}</b>} {head.range}{" "}
      <span className="mono">
        <Piece segments={head.segments} />
        {head.isCutShort && "…"}
      </span>
    </>
  );
}
