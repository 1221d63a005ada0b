// The logit lens: a layer a row, and the rank of one token through the layers.

import { type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import { comparedTokens, deeperAbsence } from "../../views/deeper.ts";
import { type LensRow, lensView } from "../../views/deeper-lens.ts";
import { Piece } from "../Piece.tsx";
import { stepInList } from "../steps.ts";
import { useActions } from "../store-context.ts";
import { Absence, Running } from "./Absence.tsx";
import { RankChart } from "./RankChart.tsx";
import { TokenSelect } from "./TokenSelect.tsx";
import { useDeeper } from "./use-deeper.ts";

/** The lens at the position shown. */
export function LensPart() {
  const { place, deeper, model, vocabulary } = useDeeper();
  const { context, actual, position } = place;
  const absence = deeperAbsence(context, place, model);
  const prediction = context?.scored.prediction;
  const followed = prediction && comparedTokens({ actual }, prediction, deeper).token;
  const layers = context?.finding.lens ?? null;
  const scores =
    followed === undefined ? null : (context?.finding.layerScores.get(followed) ?? null);
  const lens = useMemo(
    () =>
      layers === null || followed === undefined
        ? null
        : lensView({ layers, scores, followed, vocabulary }),
    [layers, scores, followed, vocabulary],
  );
  if (absence !== "") return <Absence words={absence} />;
  if (lens === null) return <Running position={position - 1} />;
  const pointed = lens.rows.find(({ layer }) => layer === deeper.lensLayer);
  return (
    <div className="lens">
      <div className="lens-side">
        <p className="lead">
          What each layer alone would predict for position {position}: its stream through the last
          norm and the head.
        </p>
        <TokenSelect label="Follow" chosen="logitToken" />
        <p className="found">{lens.sentence}</p>
        {lens.chart && <RankChart chart={lens.chart} pointed={deeper.lensLayer} />}
        <p className="label readout" aria-hidden="true">
          {pointed &&
            `After layer ${pointed.layer}: rank ${pointed.rank}, ${pointed.percent}, entropy ${pointed.entropy} bits`}
        </p>
      </div>
      <LayerTable rows={lens.rows} pointed={deeper.lensLayer} />
    </div>
  );
}

interface LayerTableProps {
  readonly rows: readonly LensRow[];
  readonly pointed: number | null;
}

function LayerTable({ rows, pointed }: LayerTableProps) {
  const { setDeeper } = useActions();
  const list = useRef<HTMLDivElement>(null);
  const stop = rows.find(({ layer }) => layer === pointed)?.layer ?? rows[0]?.layer;
  useEffect(() => {
    const row = list.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    row?.scrollIntoView({ block: "nearest" });
    if (list.current?.contains(document.activeElement)) row?.focus({ preventScroll: true });
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const at = rows.findIndex(({ layer }) => layer === stop);
    const to = stepInList(event.key, { at, last: rows.length - 1 });
    if (to === null) return;
    event.preventDefault();
    setDeeper({ lensLayer: rows[to]?.layer ?? null });
  };
  return (
    <div className="layers">
      <div className="layer head label" aria-hidden="true">
        <span className="num">layer</span>
        <span className="tops">most likely after it, and p in %</span>
        <span className="num">rank</span>
        <span className="num">p</span>
        <span className="num">entropy</span>
      </div>
      <div
        ref={list}
        role="listbox"
        aria-label="Layers, the last first"
        tabIndex={-1}
        onKeyDown={onKeyDown}
      >
        {rows.map((row) => (
          <Layer
            key={row.layer}
            row={row}
            isPointed={row.layer === pointed}
            isTabStop={row.layer === stop}
            onPoint={() => setDeeper({ lensLayer: row.layer })}
          />
        ))}
      </div>
    </div>
  );
}

interface LayerProps {
  readonly row: LensRow;
  readonly isPointed: boolean;
  readonly isTabStop: boolean;
  readonly onPoint: () => void;
}

function Layer({ row, isPointed, isTabStop, onPoint }: LayerProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the arrow keys
    <div
      className={row.isFirst ? "layer first" : "layer"}
      role="option"
      aria-selected={isPointed}
      tabIndex={isTabStop ? 0 : -1}
      onClick={onPoint}
      onFocus={onPoint}
    >
      <span className="vh">{row.name}</span>
      <span className="num" aria-hidden="true">
        {row.layer}
      </span>
      <span className="tops" aria-hidden="true">
        {row.cells.map((cell) => (
          <span key={cell.id} className={cell.isFollowed ? "top-token act" : "top-token"}>
            <i style={{ width: `${(100 * cell.bar).toFixed(1)}%` }} />
            <b className="mono">
              <Piece segments={cell.segments} />
            </b>
            <small>{cell.percent}</small>
          </span>
        ))}
      </span>
      <span className="num rank" aria-hidden="true">
        {row.rank}
      </span>
      <span className="num" aria-hidden="true">
        {row.percent}
      </span>
      <span className="num" aria-hidden="true">
        {row.entropy}
      </span>
    </div>
  );
}
