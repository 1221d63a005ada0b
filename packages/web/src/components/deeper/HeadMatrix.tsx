// All heads at a glance: a column a layer, a row a head, each cell a stack of where the mass goes. The two lists beside it choose the same.

import { type PointerEvent, useState } from "react";
import type { AttentionView, HeadCell } from "../../views/deeper-attention.ts";
import { useActions } from "../store-context.ts";
import { useDeeper } from "./use-deeper.ts";

const CELL = 16;
const GAP = 2;
const LEFT = 22;
const FOOT = 18;
const PARTS = [
  { part: "first", label: "first token" },
  { part: "self", label: "itself" },
  { part: "previous", label: "one before" },
  { part: "elsewhere", label: "elsewhere" },
] as const;

/** The overview; a click chooses a head. */
export function HeadMatrix({ view }: { readonly view: AttentionView }) {
  const { setDeeper } = useActions();
  const { deeper } = useDeeper();
  const [under, setUnder] = useState<HeadCell | null>(null);
  const width = LEFT + view.layers * CELL;
  const height = view.heads * CELL + FOOT;
  const cellAt = (event: PointerEvent<SVGSVGElement>): HeadCell | null => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width - LEFT;
    const y = ((event.clientY - box.top) / box.height) * height;
    return view.cells[Math.floor(y / CELL)]?.[Math.floor(x / CELL)] ?? null;
  };
  const { layer: chosenLayer, head: chosenHead } = deeper;
  const chosen =
    chosenLayer === null || chosenHead === null ? null : view.cells[chosenHead]?.[chosenLayer];
  const isChosen = ({ layer, head }: HeadCell): boolean =>
    (deeper.layer !== null || deeper.head !== null) &&
    (deeper.layer ?? layer) === layer &&
    (deeper.head ?? head) === head;
  return (
    <>
      <p className="label mass-legend">
        {PARTS.map(({ part, label }) => (
          <span key={part}>
            <i className={part} />
            {label}
          </span>
        ))}
      </p>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        style={{ maxWidth: `${String(width * 1.5)}px` }}
        aria-hidden="true"
        onPointerMove={(event) => setUnder(cellAt(event))}
        onPointerLeave={() => setUnder(null)}
        onPointerDown={(event) => {
          const cell = cellAt(event);
          if (cell !== null) setDeeper({ layer: cell.layer, head: cell.head });
        }}
      >
        {view.cells.map((row, head) => (
          <g key={row[0]?.head}>
            <text x={LEFT - 5} y={head * CELL + 11} textAnchor="end">
              {head}
            </text>
            {row.map((cell) => (
              <Stack key={cell.layer} cell={cell} isChosen={isChosen(cell)} />
            ))}
          </g>
        ))}
        <text x={LEFT} y={height - 4}>
          layer 0
        </text>
        <text x={width - GAP} y={height - 4} textAnchor="end">
          {view.layers - 1}
        </text>
      </svg>
      <p className="label readout">
        {(under ?? chosen)?.name ??
          "A row is a head, a column a layer; each cell is where it looks."}
      </p>
    </>
  );
}

function Stack({ cell, isChosen }: { readonly cell: HeadCell; readonly isChosen: boolean }) {
  const x = LEFT + cell.layer * CELL;
  const y = cell.head * CELL;
  const size = CELL - GAP;
  let from = 0;
  return (
    <g>
      {PARTS.map(({ part }) => {
        const height = cell[part] * size;
        const top = y + from;
        from += height;
        return (
          <rect
            key={part}
            className={part}
            x={x}
            y={top}
            width={size}
            height={Math.max(0, height)}
          />
        );
      })}
      {isChosen && (
        <rect className="chosen" x={x - 1} y={y - 1} width={size + 2} height={size + 2} />
      )}
    </g>
  );
}
