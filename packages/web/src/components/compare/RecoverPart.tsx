// Recover: the chart of bits since the forced token, and the sentence about it.

import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from "react";
import { positionAt } from "../../views/along-chart.ts";
import {
  type RecoveryView,
  recoveryChart,
  recoveryCount,
  recoveryReading,
  recoveryView,
} from "../../views/recovery.ts";
import { stepInRow } from "../steps.ts";
import { useActions, usePage } from "../store-context.ts";
import { useWidth } from "../surprise/use-width.ts";
import { BranchChoices } from "./BranchChoices.tsx";

const HEIGHT_PX = 120;

/** The chart, or why there is none. */
export function RecoverPart() {
  const history = usePage((state) => state.history);
  const compared = usePage((state) => state.compared);
  const scores = usePage((state) => state.scores);
  const vocabulary = usePage((state) => state.vocabulary);
  const view = useMemo(
    () => recoveryView({ history, compared, scores, vocabulary }),
    [history, compared, scores, vocabulary],
  );
  return (
    <div className="compare">
      <BranchChoices />
      {typeof view === "string" ? <p className="say">{view}</p> : <Chart view={view} />}
    </div>
  );
}

function Chart({ view }: { readonly view: RecoveryView }) {
  const { goTo } = useActions();
  const plot = useRef<HTMLDivElement>(null);
  const width = useWidth(plot);
  const [pointed, setPointed] = useState<number | null>(null);
  const chart = useMemo(() => recoveryChart(view, { width, height: HEIGHT_PX }), [view, width]);
  const { forced, other, usual, key, position, words } = view;
  const under = (event: PointerEvent<HTMLElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = positionAt((event.clientX - box.left) / box.width, recoveryCount(view));
    return Math.min(at, forced.bits.length - 1);
  };
  const last = forced.bits.length - 1;
  const at = Math.min(pointed ?? 0, last);
  const onKeyDown = (event: KeyboardEvent) => {
    const to = stepInRow(event.key, { at, last });
    if (event.key === "Enter") goTo(key, position + at);
    else if (to === null) return;
    else setPointed(to);
    event.preventDefault();
  };
  const step = width / recoveryCount(view);
  return (
    <>
      <p role="status">
        <b>{words}</b>
      </p>
      <ul className="recover-key say" aria-hidden="true">
        <li className="key-bar">bits after {view.forcedWord}</li>
        <li className="key-mean">mean of the last 8</li>
        {other !== null && <li className="key-other">the other branch, mean of 8</li>}
        {usual !== null && <li className="key-usual">mean {usual.source}</li>}
      </ul>
      <div className="recover-chart">
        <div className="ticks" aria-hidden="true">
          {chart.ticks.map(({ y, label }) => (
            <span key={label} style={{ top: y }}>
              {label}
            </span>
          ))}
        </div>
        <div
          ref={plot}
          role="slider"
          tabIndex={0}
          aria-label="Tokens since the forced one"
          aria-valuemin={0}
          aria-valuemax={last}
          aria-valuenow={at}
          aria-valuetext={recoveryReading(view, at)}
          onKeyDown={onKeyDown}
          onFocus={() => setPointed(at)}
          onBlur={() => setPointed(null)}
          onPointerMove={(event) => setPointed(under(event))}
          onPointerLeave={() => setPointed(null)}
          onPointerDown={(event) => goTo(key, position + under(event))}
        >
          <svg width={width} height={HEIGHT_PX} aria-hidden="true">
            {chart.ticks.map(({ y, label }) => (
              <line key={label} className="grid" x1="0" x2={width} y1={y} y2={y} />
            ))}
            <path className="bars" d={chart.bars} />
            {chart.usualY !== null && (
              <line className="usual" x1="0" x2={width} y1={chart.usualY} y2={chart.usualY} />
            )}
            <path className="other" d={chart.otherMean} />
            <path className="mean" d={chart.mean} />
            {pointed !== null && (
              <rect className="at" x={pointed * step} y="0" width={step} height={HEIGHT_PX} />
            )}
          </svg>
        </div>
      </div>
      <p className="say recover-foot">
        {pointed === null
          ? "Tokens since the forced one, from the left. A click, or Enter, goes to the token."
          : recoveryReading(view, pointed)}
      </p>
    </>
  );
}
