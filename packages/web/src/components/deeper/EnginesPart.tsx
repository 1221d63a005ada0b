// Two engines at the position shown: the page's own beside its other precision, or beside another model. The second is loaded when it is asked for, and goes with the drawer.

import { formatMegabytes, readingAt } from "@tokenscope/core";
import { useEffect, useMemo } from "react";
import { crossingOf, type DeeperState, type SecondChoice } from "../../store/deeper.ts";
import { otherPrecision } from "../../store/second-engine.ts";
import { deeperAbsence } from "../../views/deeper.ts";
import {
  crossingView,
  secondChoices,
  secondModelCost,
  secondRefusal,
} from "../../views/deeper-crossing.ts";
import {
  agreementWords,
  type EnginesView,
  enginesView,
  secondCost,
} from "../../views/deeper-engines.ts";
import type { LoadedModel } from "../../worker/protocol.ts";
import { Piece } from "../Piece.tsx";
import { useActions, usePage } from "../store-context.ts";
import { Absence, Running } from "./Absence.tsx";
import { useDeeper } from "./use-deeper.ts";

/** The comparison, or the offer to load what it needs. */
export function EnginesPart() {
  const { place, deeper, model } = useDeeper();
  const absence = deeperAbsence(place.context, place, model);
  if (absence !== "" || model.kind !== "ready") return <Absence words={absence} />;
  const { second } = deeper;
  const isReady = second.kind === "ready";
  return (
    <div className="engines">
      <div className="engines-side">
        <SecondSelect loaded={model.loaded} />
        {!isReady && <Cost loaded={model.loaded} choice={deeper.secondChoice} />}
        {isReady && (second.isOtherModel ? <CrossingMeasures /> : <PrecisionMeasures />)}
        <SecondSwitch loaded={model.loaded} choice={deeper.secondChoice} second={second} />
      </div>
      {isReady && (second.isOtherModel ? <CrossingCandidates /> : <PrecisionCandidates />)}
    </div>
  );
}

/** What stands beside the page's model; the models of this host and browser are read when the part opens. */
function SecondSelect({ loaded }: { readonly loaded: LoadedModel }) {
  const { chooseSecond, readShelf } = useActions();
  const choice = usePage((state) => state.deeper.secondChoice);
  const shelf = usePage((state) => state.shelf);
  useEffect(() => void readShelf(), [readShelf]);
  const models = shelf === null ? [] : secondChoices(shelf, loaded);
  const other = otherPrecision(loaded.identity.precision);
  return (
    <label className="token-select">
      <span className="label">Beside {loaded.label}</span>
      <select
        className="field"
        value={choice === "precision" ? choice : choice.sha256}
        onChange={({ target }) =>
          chooseSecond(models.find(({ sha256 }) => sha256 === target.value) ?? "precision")
        }
      >
        <option value="precision">the same model in {other}</option>
        {models.map(({ sha256, label }) => (
          <option key={sha256} value={sha256}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ChoiceProps {
  readonly loaded: LoadedModel;
  readonly choice: SecondChoice;
}

function Cost({ loaded, choice }: ChoiceProps) {
  if (choice === "precision") {
    return <p>{secondCost(loaded, otherPrecision(loaded.identity.precision))}</p>;
  }
  return <p>{secondRefusal(choice, loaded, deviceMemoryBytes()) ?? secondModelCost(choice)}</p>;
}

/** Null where the browser does not tell; at most 8 GB where it does. */
function deviceMemoryBytes(): number | null {
  const { deviceMemory } = navigator;
  return deviceMemory === undefined ? null : deviceMemory * 2 ** 30;
}

interface SecondSwitchProps extends ChoiceProps {
  readonly second: DeeperState["second"];
}

/** One button that stays where it is, so that the focus does too. */
function SecondSwitch({ loaded, choice, second }: SecondSwitchProps) {
  const { openSecond, closeSecond } = useActions();
  const isOpen = second.kind !== "closed" && second.kind !== "failed";
  const isRefused = secondRefusal(choice, loaded, deviceMemoryBytes()) !== null;
  const name = choice === "precision" ? otherPrecision(loaded.identity.precision) : choice.label;
  return (
    <>
      <button
        type="button"
        className="btn"
        aria-disabled={isRefused}
        onClick={() => !isRefused && (isOpen ? closeSecond : openSecond)()}
      >
        {isOpen ? "Close the second engine" : `Load ${name} beside it`}
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

function usePrecisionView() {
  const { place, scores, deeper, vocabulary, precision } = useDeeper();
  const other = otherPrecision(precision);
  const found = place.context?.finding.divergence ?? null;
  const { actual, path } = place;
  const names = useMemo(() => ({ own: precision, other }), [precision, other]);
  const view = useMemo(
    () => found && enginesView(found, { actual, names, vocabulary }),
    [found, actual, names, vocabulary],
  );
  const agreement = agreementWords(path, scores, deeper.secondScores);
  return { view, names, agreement, position: place.position };
}

function PrecisionMeasures() {
  const { view, agreement, position } = usePrecisionView();
  if (view === null) return <Running position={position - 1} />;
  return <Measures view={view} words={agreement === null ? [] : [agreement]} />;
}

function PrecisionCandidates() {
  const { view, names } = usePrecisionView();
  return view && <Candidates view={view} names={names} />;
}

function useCrossingView() {
  const { place, scores, deeper, vocabulary, model } = useDeeper();
  const reading = readingAt(place.path.nodes, place.position, vocabulary);
  const found = crossingOf(place.context?.finding, reading);
  const { second } = deeper;
  const node = place.path.ids[place.position];
  const score = (node === undefined ? undefined : scores.get(node)?.score) ?? null;
  const { actual } = place;
  const view = useMemo(() => {
    if (found === null || second.kind !== "ready" || model.kind !== "ready") return null;
    const own = { name: model.loaded.label, vocabulary };
    const other = { name: second.loaded.label, vocabulary: second.vocabulary };
    return {
      ...crossingView(found, { own, other }, actual === null ? null : { id: actual, score }),
      names: { own: own.name, other: other.name },
    };
  }, [found, second, model, vocabulary, actual, score]);
  return { view, isReadable: reading !== null, position: place.position };
}

function CrossingMeasures() {
  const { view, isReadable, position } = useCrossingView();
  if (!isReadable) return <p>{IN_MARKERS}</p>;
  if (view === null) return <Running position={position - 1} />;
  return (
    <>
      <table className="figures">
        <thead>
          <tr className="label">
            <td />
            <th scope="col">{view.names.own}</th>
            <th scope="col">{view.names.other}</th>
          </tr>
        </thead>
        <tbody>
          {view.figures.map(({ label, own, other }) => (
            <tr key={label}>
              <th scope="row" className="label">
                {label}
              </th>
              <td className="num">{own}</td>
              <td className="num">{other}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Words words={view.words} />
    </>
  );
}

const IN_MARKERS =
  "This place lies in markers, in what the template itself wrote, or inside a character: another model has its own. Choose a place in a message.";

function CrossingCandidates() {
  const { view, isReadable } = useCrossingView();
  return isReadable && view !== null && <Candidates view={view} names={view.names} />;
}

interface MeasuresProps {
  readonly view: EnginesView;
  readonly words: readonly string[];
}

function Measures({ view, words }: MeasuresProps) {
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
      <Words words={words} />
    </>
  );
}

function Words({ words }: { readonly words: readonly string[] }) {
  return words.map((sentence) => (
    <p className="found" key={sentence}>
      {sentence}
    </p>
  ));
}

interface CandidatesProps {
  readonly view: Pick<EnginesView, "rows" | "rest">;
  readonly names: { readonly own: string; readonly other: string };
}

function Candidates({ view, names }: CandidatesProps) {
  return (
    <table className="candidates">
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
          <tr key={row.key} className={row.isActual ? "act" : ""}>
            <th scope="row" className="mono">
              <Piece segments={row.segments} />
            </th>
            {(["own", "other"] as const).map((side) => (
              <Side key={side} side={row[side]} />
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
