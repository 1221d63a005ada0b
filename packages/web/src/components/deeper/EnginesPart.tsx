// Two engines at the position shown: the page's own beside its other precision, or beside another model. The second is loaded when it is asked for, and goes with the drawer.

import { formatMegabytes, readingAt } from "@tokenscope/core";
import { useEffect, useMemo } from "react";
import { crossingOf, type DeeperState, isRemote, type SecondChoice } from "../../store/deeper.ts";
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
import { remoteCostWords } from "../../views/deeper-remote.ts";
import type { LoadedModel } from "../../worker/protocol.ts";
import { useActions, usePage } from "../store-context.ts";
import { Absence, Running } from "./Absence.tsx";
import { RemoteCandidates, RemoteMeasures } from "./RemotePart.tsx";
import { Candidates, Figures, IN_MARKERS, Words } from "./SideBySide.tsx";
import { useDeeper } from "./use-deeper.ts";

/** The comparison, or the offer to load what it needs. */
export function EnginesPart() {
  const { place, deeper, model } = useDeeper();
  const absence = deeperAbsence(place.context, place, model);
  if (absence !== "" || model.kind !== "ready") return <Absence words={absence} />;
  const { second } = deeper;
  const isReady = second.kind === "ready";
  const isThere = isReady || second.kind === "remote";
  return (
    <div className="engines">
      <div className="engines-side">
        <SecondSelect loaded={model.loaded} />
        {!isThere && <Cost loaded={model.loaded} choice={deeper.secondChoice} />}
        {isReady && (second.isOtherModel ? <CrossingMeasures /> : <PrecisionMeasures />)}
        {second.kind === "remote" && <RemoteMeasures remote={second.model} />}
        <SecondSwitch loaded={model.loaded} choice={deeper.secondChoice} second={second} />
      </div>
      {isReady && (second.isOtherModel ? <CrossingCandidates /> : <PrecisionCandidates />)}
      {second.kind === "remote" && <RemoteCandidates remote={second.model} />}
    </div>
  );
}

/** What stands beside the page's model; the models of this host and browser are read when the part opens. */
function SecondSelect({ loaded }: { readonly loaded: LoadedModel }) {
  const { chooseSecond, readShelf, readRemoteShelf } = useActions();
  const choice = usePage((state) => state.deeper.secondChoice);
  const shelf = usePage((state) => state.shelf);
  const remote = usePage((state) => state.deeper.remoteShelf);
  useEffect(() => void readShelf(), [readShelf]);
  useEffect(() => void readRemoteShelf(), [readRemoteShelf]);
  const models = shelf === null ? [] : secondChoices(shelf, loaded);
  const choices: readonly SecondChoice[] = [...models, ...(remote?.models ?? [])];
  const other = otherPrecision(loaded.identity.precision);
  return (
    <>
      <label className="token-select">
        <span className="label">Beside {loaded.label}</span>
        <select
          className="field"
          value={keyOf(choice)}
          onChange={({ target }) =>
            chooseSecond(choices.find((each) => keyOf(each) === target.value) ?? "precision")
          }
        >
          <option value="precision">the same model in {other}</option>
          {models.map(({ sha256, label }) => (
            <option key={sha256} value={sha256}>
              {label}
            </option>
          ))}
          {remote?.models.map((model) => (
            <option key={keyOf(model)} value={keyOf(model)}>
              {model.id} at {model.host}
            </option>
          ))}
        </select>
      </label>
      {remote?.problem && <p>{remote.problem}</p>}
      {shelf !== null && choices.length === 0 && (
        <p className="label">
          Another model is offered here once this host serves it too (tokenscope serve --model A
          --model B), or once this browser keeps it, under Models (M).
        </p>
      )}
    </>
  );
}

function keyOf(choice: SecondChoice): string {
  if (choice === "precision") return choice;
  return isRemote(choice) ? `remote ${choice.id}` : choice.sha256;
}

interface ChoiceProps {
  readonly loaded: LoadedModel;
  readonly choice: SecondChoice;
}

function Cost({ loaded, choice }: ChoiceProps) {
  if (choice === "precision") {
    return <p>{secondCost(loaded, otherPrecision(loaded.identity.precision))}</p>;
  }
  if (isRemote(choice)) return <p>{remoteCostWords(choice)}</p>;
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
  const isElsewhere = isRemote(choice);
  const isRefused = !isElsewhere && secondRefusal(choice, loaded, deviceMemoryBytes()) !== null;
  return (
    <>
      <button
        type="button"
        className="btn"
        aria-disabled={isRefused}
        onClick={() => !isRefused && (isOpen ? closeSecond : openSecond)()}
      >
        {isOpen ? closingWords(second) : openingWords(choice, loaded)}
      </button>
      <p role="status">{loadingWords(second)}</p>
    </>
  );
}

function openingWords(choice: SecondChoice, { identity }: LoadedModel): string {
  if (choice === "precision") return `Load ${otherPrecision(identity.precision)} beside it`;
  return isRemote(choice) ? `Ask ${choice.id} beside it` : `Load ${choice.label} beside it`;
}

function closingWords({ kind }: DeeperState["second"]): string {
  return kind === "remote" ? "Stop asking it" : "Close the second engine";
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
      <Figures figures={view.figures} names={view.names} />
      <Words words={view.words} />
    </>
  );
}

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
