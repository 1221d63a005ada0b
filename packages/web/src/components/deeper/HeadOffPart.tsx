// One head switched off at the position that makes the prediction: the candidates before and after.

import { headKey } from "../../store/deeper.ts";
import { headOffView } from "../../views/deeper-head-off.ts";
import { Piece } from "../Piece.tsx";
import { useActions } from "../store-context.ts";
import { useDeeper } from "./use-deeper.ts";

/** The switch, and what it changes. */
export function HeadOffPart() {
  const { setDeeper } = useActions();
  const { place, deeper, vocabulary } = useDeeper();
  const { context, own, actual, position } = place;
  const { layer, head, isHeadOff } = deeper;
  const canSwitch = context !== null && layer !== null && head !== null;
  const off = canSwitch ? context.finding.headsOff.get(headKey(layer, head, actual)) : undefined;
  const came = actual === null ? null : { id: actual, score: own?.scored.score ?? null };
  const view =
    isHeadOff && off !== undefined && context !== null
      ? headOffView({ prediction: context.scored.prediction, off, actual: came, vocabulary })
      : null;
  return (
    <div className="head-off">
      <div>
        <button
          type="button"
          className="btn"
          aria-pressed={isHeadOff && canSwitch}
          aria-disabled={!canSwitch}
          onClick={() => canSwitch && setDeeper({ isHeadOff: !isHeadOff })}
        >
          Switch this head off
        </button>
        <p className="label">
          {canSwitch
            ? `It then adds nothing at position ${position - 1}, which predicts ${position}.`
            : "Choose one layer and one head to switch it off."}
        </p>
        {view && <p className="found">{view.sentence}</p>}
      </div>
      {view && (
        <table>
          <thead>
            <tr className="label">
              <th scope="col">token</th>
              <th scope="col">with</th>
              <th scope="col">without</th>
            </tr>
          </thead>
          <tbody>
            {view.rows.map((row) => (
              <tr key={row.id} className={row.isActual ? "act" : ""}>
                <th scope="row" className="mono">
                  <Piece segments={row.segments} />
                </th>
                <td className="num">{row.before}</td>
                <td className="num">{row.after}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
