// Bits per token beside what everybody knows: a coin, a die, a letter.

import type { ScaleMark } from "../../views/span-view.ts";
import { percentOf } from "../Candidate.tsx";

const RIGHT_EDGE = 0.9; // a label this near the end would leave the scale

/** The scale from 0 to 16 bits, root like the bars under the tokens; references above, the spans below. */
export function BitsScale({ marks }: { readonly marks: readonly ScaleMark[] }) {
  return (
    <figure className="bits-scale">
      <figcaption className="label">bits per token</figcaption>
      <ul>
        {marks.map(({ label, bits, at, kind }) => (
          <li
            key={label}
            className={kind}
            style={{ left: percentOf(at), "--shift": at > RIGHT_EDGE ? "-100%" : "-50%" }}
          >
            <span>
              {label} <b>{bits}</b>
            </span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
