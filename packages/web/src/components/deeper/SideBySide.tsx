// Tables of two models or engines side by side.

import type { CrossingView } from "../../views/deeper-crossing.ts";
import type { EnginesView } from "../../views/deeper-engines.ts";
import { Piece } from "../Piece.tsx";

/** Why another model cannot be asked at a place. */
export const IN_MARKERS =
  "This place lies in markers, in what the template itself wrote, or inside a character: another model has its own. Choose a place in a message.";

interface Names {
  readonly own: string;
  readonly other: string;
}

/** One number of each a line. */
export function Figures({
  figures,
  names,
}: {
  readonly figures: CrossingView["figures"];
  readonly names: Names;
}) {
  return (
    <table className="figures">
      <thead>
        <tr className="label">
          <td />
          <th scope="col">{names.own}</th>
          <th scope="col">{names.other}</th>
        </tr>
      </thead>
      <tbody>
        {figures.map(({ label, own, other }) => (
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
  );
}

/** Sentences of what was found. */
export function Words({ words }: { readonly words: readonly string[] }) {
  return words.map((sentence) => (
    <p className="found" key={sentence}>
      {sentence}
    </p>
  ));
}

interface CandidatesProps {
  readonly view: Pick<EnginesView, "rows" | "rest">;
  readonly names: Names;
}

/** Each token in both, and the rest. */
export function Candidates({ view, names }: CandidatesProps) {
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
