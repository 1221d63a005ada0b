// A span's total as the sum that it is: −log₂ p of every token.

import type { SpanView } from "../../views/span-view.ts";
import { Piece } from "../Piece.tsx";
import { useActions } from "../store-context.ts";

/** One column a token: what it is, minus the logarithm of its probability, and its bits; then the total. */
export function WrittenSum({ sum }: { readonly sum: NonNullable<SpanView["sum"]> }) {
  const { moveTo } = useActions();
  return (
    <ol className="written-sum" aria-label="The sum">
      {sum.terms.map(({ position, segments, p, bits }, i) => (
        <li key={position}>
          <button type="button" title={`Position ${position}`} onClick={() => moveTo(position)}>
            <span className="mono">
              <Piece segments={segments} />
            </span>
          </button>
          <span>
            {i > 0 && <i>+</i>} −log₂ {p}
          </span>
          <span>
            {i > 0 && <i>+</i>} {bits}
          </span>
        </li>
      ))}
      <li className="total">
        <span>all of them</span>
        <span>= −log₂ {sum.p}</span>
        <b>= {sum.total}</b>
      </li>
    </ol>
  );
}
