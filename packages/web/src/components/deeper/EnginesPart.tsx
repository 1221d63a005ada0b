// Exact beside compact at the position shown. The second engine is loaded when it is asked for, and goes with the drawer.

import { formatMegabytes, type Precision } from "@tokenscope/core";
import { useMemo } from "react";
import type { DeeperState } from "../../store/deeper.ts";
import { otherPrecision } from "../../store/second-engine.ts";
import { deeperAbsence } from "../../views/deeper.ts";
import {
  agreementWords,
  type EnginesView,
  enginesView,
  secondCost,
} from "../../views/deeper-engines.ts";
import { Piece } from "../Piece.tsx";
import { useActions } from "../store-context.ts";
import { Absence, Running } from "./Absence.tsx";
import { useDeeper } from "./use-deeper.ts";

/** The comparison, or the offer to load what it needs. */
export function EnginesPart() {
  const { place, deeper, model, vocabulary, scores, precision } = useDeeper();
  const absence = deeperAbsence(place.context, place, model);
  const other = otherPrecision(precision);
  const found = place.context?.finding.divergence ?? null;
  const { actual, path } = place;
  const view = useMemo(
    () => found && enginesView(found, { actual, names: { own: precision, other }, vocabulary }),
    [found, actual, precision, other, vocabulary],
  );
  if (absence !== "" || model.kind !== "ready") return <Absence words={absence} />;
  const { second } = deeper;
  const agreement = agreementWords(path, scores, deeper.secondScores);
  return (
    <div className="engines">
      <div className="engines-side">
        {second.kind !== "ready" ? (
          <Cost words={secondCost(model.loaded, other)} />
        ) : view === null ? (
          <Running position={place.position - 1} />
        ) : (
          <Measures view={view} agreement={agreement} />
        )}
        <SecondSwitch other={other} second={second} />
      </div>
      {second.kind === "ready" && view !== null && (
        <Candidates view={view} names={{ own: precision, other }} />
      )}
    </div>
  );
}

function Cost({ words }: { readonly words: string }) {
  return (
    <>
      <p>{words}</p>
      <p className="label">
        Another model cannot stand beside this one yet: its token ids mean other texts.
      </p>
    </>
  );
}

interface SecondSwitchProps {
  readonly other: Precision;
  readonly second: DeeperState["second"];
}

/** One button that stays where it is, so that the focus does too. */
function SecondSwitch({ other, second }: SecondSwitchProps) {
  const { openSecond, closeSecond } = useActions();
  const isOpen = second.kind !== "closed" && second.kind !== "failed";
  return (
    <>
      <button type="button" className="btn" onClick={isOpen ? closeSecond : openSecond}>
        {isOpen ? "Close the second engine" : `Load ${other} beside it`}
      </button>
      <p role="status">{loadingWords(second)}</p>
    </>
  );
}

function loadingWords(second: DeeperState["second"]): string {
  switch (second.kind) {
    case "loading":
      return `Loading, ${formatMegabytes(second.receivedBytes)} of ${formatMegabytes(second.totalBytes)}.`;
    case "preparing":
      return "Preparing the second engine.";
    case "failed":
      return `It did not load: ${second.what}`;
    default:
      return "";
  }
}

interface MeasuresProps {
  readonly view: EnginesView;
  readonly agreement: string | null;
}

function Measures({ view, agreement }: MeasuresProps) {
  return (
    <>
      <dl className="stats">
        {view.measures.map(({ label, value }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="found">{agreement}</p>
    </>
  );
}

interface CandidatesProps {
  readonly view: EnginesView;
  readonly names: { readonly own: Precision; readonly other: Precision };
}

function Candidates({ view, names }: CandidatesProps) {
  return (
    <table>
      <thead>
        <tr className="label">
          <th scope="col">token</th>
          <th scope="col" colSpan={3}>
            {names.own}: rank, p
          </th>
          <th scope="col" colSpan={3}>
            {names.other}: rank, p
          </th>
        </tr>
      </thead>
      <tbody>
        {view.rows.map((row) => (
          <tr key={row.id} className={row.isActual ? "act" : ""}>
            <th scope="row" className="mono">
              <Piece segments={row.segments} />
            </th>
            {[row.own, row.other].map((side, i) => (
              <Side key={i === 0 ? names.own : names.other} side={side} />
            ))}
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr className="label">
          <th scope="row">{view.rest.label}</th>
          <td colSpan={2} />
          <td className="num">{view.rest.own}</td>
          <td colSpan={2} />
          <td className="num">{view.rest.other}</td>
        </tr>
      </tfoot>
    </table>
  );
}

function Side({ side }: { readonly side: EnginesView["rows"][number]["own"] }) {
  return (
    <>
      <td className="num label">{side.rank}</td>
      <td className="side-bar">
        <i style={{ width: `${(100 * side.width).toFixed(1)}%` }} />
      </td>
      <td className="num">{side.percent}</td>
    </>
  );
}
