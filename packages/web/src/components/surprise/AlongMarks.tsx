// The position and the span on the charts, and the gestures that move them: the charts' axis is a slider over the text.

import { type KeyboardEvent, type PointerEvent, type RefObject, useRef } from "react";
import { positionAt } from "../../views/along-chart.ts";
import { share } from "../../views/map-shapes.ts";
import { activeDocumentPath } from "../../views/path.ts";
import { stepInChart } from "../steps.ts";
import { useActions, usePage, usePageStore } from "../store-context.ts";

interface AlongMarksProps {
  readonly plot: RefObject<HTMLDivElement | null>;
  readonly count: number;
  readonly pointed: number | null;
  /** The position shown, for a screen reader. */
  readonly words: string;
  readonly onPoint: (position: number | null) => void;
}

/** A click goes to a position, a drag selects a span; arrow keys move, and with Shift select. */
export function AlongMarks({ plot, count, pointed, words, onPoint }: AlongMarksProps) {
  const store = usePageStore();
  const actions = useActions();
  const position = usePage((state) => state.position);
  const span = usePage((state) => state.span);
  const anchor = useRef<number | null>(null);

  const selectTo = (from: number, to: number): void => {
    const last = activeDocumentPath(store.getState().history.present).nodes.length - 1; // "next" is in no span
    actions.moveTo(to);
    actions.selectSpan({ from: Math.min(from, to, last), to: Math.min(Math.max(from, to), last) });
  };
  const under = (event: PointerEvent<HTMLElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return positionAt((event.clientX - box.left) / box.width, count);
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = under(event);
    anchor.current = event.shiftKey ? (span?.from ?? position) : at;
    if (event.shiftKey) selectTo(anchor.current, at);
    else {
      actions.selectSpan(null);
      actions.moveTo(at);
    }
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>): void => {
    const at = under(event);
    onPoint(at);
    if (event.buttons === 0) anchor.current = null; // released outside
    if (anchor.current === null || at === position) return;
    selectTo(anchor.current, at);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = stepInChart(event.key, { at: position, last: count - 1 });
    if (to === null) {
      if (event.key === "Escape" && span !== null) {
        event.preventDefault();
        actions.selectSpan(null);
      }
      return;
    }
    event.preventDefault();
    if (event.shiftKey) {
      anchor.current ??= span?.from ?? position;
      selectTo(anchor.current, to);
    } else {
      anchor.current = null;
      actions.selectSpan(null);
      actions.moveTo(to);
    }
  };
  return (
    <div
      ref={plot}
      className="along-marks"
      role="slider"
      tabIndex={0}
      aria-label="Position along the text"
      aria-valuemin={0}
      aria-valuemax={count - 1}
      aria-valuenow={position}
      aria-valuetext={words}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => {
        anchor.current = null;
      }}
      onPointerLeave={() => onPoint(null)}
      onKeyDown={onKeyDown}
    >
      {span !== null && (
        <div
          className="span"
          style={{ left: share(span.from, count), width: share(span.to - span.from + 1, count) }}
        />
      )}
      {pointed !== null && (
        <div className="pointed" style={{ left: share(pointed + 0.5, count) }} />
      )}
      <div className="here" style={{ left: share(position + 0.5, count) }} />
    </div>
  );
}
