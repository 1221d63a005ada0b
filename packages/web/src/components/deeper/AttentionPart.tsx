// Attention from the selected token: which head, all heads at a glance, and where the chosen one looks, here and on the strip.

import "../../styles/deeper-attention.css";
import { useEffect, useMemo } from "react";
import type { Overlay } from "../../views/coloring.ts";
import { attentionPlace, deeperAbsence } from "../../views/deeper.ts";
import { type AttentionView, attentionView } from "../../views/deeper-attention.ts";
import { Piece } from "../Piece.tsx";
import { useActions } from "../store-context.ts";
import { Absence, Running } from "./Absence.tsx";
import { HeadMatrix } from "./HeadMatrix.tsx";
import { HeadOffPart } from "./HeadOffPart.tsx";
import { useDeeper } from "./use-deeper.ts";

/** Attention at the position shown. */
export function AttentionPart() {
  const { place, deeper, model, vocabulary } = useDeeper();
  const at = attentionPlace(place, deeper);
  const absence = deeperAbsence(at, place, model);
  const attention = at?.finding.attention ?? null;
  const { layer, head } = deeper;
  const { path } = place;
  const view = useMemo(
    () =>
      at === null || attention === null
        ? null
        : attentionView(attention, { choice: { layer, head }, at, path, vocabulary }),
    [attention, layer, head, at, path, vocabulary],
  );
  useOverlay(view?.overlay ?? null);
  if (absence !== "") return <Absence words={absence} />;
  return (
    <div className="attention">
      <div className="attention-side">
        <WhoseAttention />
        <div className="head-choice">
          <IndexSelect label="Layer" count={view?.layers ?? 0} field="layer" />
          <IndexSelect label="Head" count={view?.heads ?? 0} field="head" />
        </div>
        {view && <p className="found">{view.sentence}</p>}
      </div>
      {view === null || at === null ? (
        <Running position={at?.position ?? place.position} />
      ) : (
        <>
          <div className="heads">
            <HeadMatrix view={view} />
            <HeadOffPart />
          </div>
          <Attended view={view} />
        </>
      )}
    </div>
  );
}

/** Draws the weights on the strip while this part is open. */
function useOverlay(overlay: Overlay | null): void {
  const { setOverlay } = useActions();
  useEffect(() => {
    setOverlay(overlay);
    return () => setOverlay(null);
  }, [overlay, setOverlay]);
}

function WhoseAttention() {
  const { setDeeper } = useActions();
  const { place, deeper } = useDeeper();
  const { position, actual } = place;
  const isNext = actual === null;
  const shown = isNext ? "before" : deeper.attentionOf;
  const before = position === 0 ? "none before" : `${position - 1}, which predicts it`;
  const choices = [
    { of: "token", label: isNext ? "next" : String(position), isOff: isNext },
    { of: "before", label: before, isOff: position === 0 },
  ] as const;
  return (
    <div className="from">
      <span className="label">From</span>
      <fieldset className="seg" aria-label="Attention from position">
        {choices.map(({ of, label, isOff }) => (
          <button
            key={of}
            type="button"
            aria-pressed={shown === of}
            aria-disabled={isOff}
            onClick={() => !isOff && setDeeper({ attentionOf: of })}
          >
            {label}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

interface IndexSelectProps {
  readonly label: string;
  readonly count: number;
  readonly field: "layer" | "head";
}

function IndexSelect({ label, count, field }: IndexSelectProps) {
  const { setDeeper } = useActions();
  const { deeper } = useDeeper();
  return (
    <label>
      <span className="label">{label}</span>
      <select
        className="field"
        aria-label={label}
        value={deeper[field] ?? ""}
        onChange={({ target }) =>
          setDeeper({ [field]: target.value === "" ? null : Number(target.value) })
        }
      >
        <option value="">mean</option>
        {Array.from({ length: count }, (_, index) => (
          <option key={`${field} ${String(index)}`} value={index}>
            {index}
          </option>
        ))}
      </select>
    </label>
  );
}

function Attended({ view }: { readonly view: AttentionView }) {
  const { moveTo } = useActions();
  return (
    <div className="attended">
      <h3 className="label">looked at most</h3>
      <ol>
        {view.rows.map((row) => (
          <li key={row.position}>
            <button
              type="button"
              onClick={({ currentTarget }) => {
                currentTarget.closest<HTMLElement>(".drawer")?.focus(); // this list is about to go
                moveTo(row.position);
              }}
            >
              <span className="vh">{row.name}; go there</span>
              <span className="num label" aria-hidden="true">
                {row.position}
              </span>
              <span className="mono" aria-hidden="true">
                <Piece segments={row.segments} />
              </span>
              <span className="weight">
                <i style={{ width: `${(100 * row.weight).toFixed(1)}%` }} />
              </span>
              <span className="num" aria-hidden="true">
                {row.percent}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <p className="label">{view.rest}</p>
    </div>
  );
}
