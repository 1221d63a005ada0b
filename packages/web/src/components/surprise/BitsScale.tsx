// Bits per token beside what everybody knows: a coin, a die, a letter.

import type { ScaleMark } from "../../views/span-view.ts";
import { percentOf } from "../Candidate.tsx";

const LEFT_EDGE = 0.05; // a label this near an end would leave the scale
const RIGHT_EDGE = 0.9;

/** The scale from 0 to 16 bits, root like the bars under the tokens; references above, the spans below. */
export function BitsScale({ marks }: { readonly marks: readonly ScaleMark[] }) {
  return (
    <figure className="bits-scale">
      <figcaption className="label">bits per token</figcaption>
      <ul>
        {marks.map(({ label, bits, at, kind }) => (
          <li key={label} className={kind} style={{ left: percentOf(at), "--shift": shiftAt(at) }}>
            <span>
              {label} <b>{bits}</b>
            </span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

function shiftAt(at: number): string {
  if (at < LEFT_EDGE) return "0";
  return at > RIGHT_EDGE ? "-100%" : "-50%";
}
