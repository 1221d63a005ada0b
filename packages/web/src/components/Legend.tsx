// The scale of surprise, over the strip. It is absolute, so it never changes.

import { SURPRISE_CLASS_BITS, surpriseHeight } from "@tokenscope/core";
import { usePage } from "./store-context.ts";

const LABELS = ["0", "½", "1", "2", "4", "8", "16+"] as const;
const LEAST_BITS = 0.05; // the first class still has its line

/** Seven classes, each with its wash and its bar. */
export function Legend() {
  const isRecording = usePage((state) => state.isRecording);
  return (
    <div className="legend">
      <h1>Conversation as tokens</h1>
      {isRecording && <span className="label recorded">recorded example</span>}
      <span className="unit" aria-hidden="true">
        bits of surprise
      </span>
      <ol aria-hidden="true">
        {SURPRISE_CLASS_BITS.map((bits, i) => (
          <li
            key={bits}
            className={`c${i}`}
            style={{ "--h": (surpriseHeight(Math.max(bits, LEAST_BITS)) ?? 0).toFixed(3) }}
          >
            <i>{LABELS[i]}</i>
          </li>
        ))}
      </ol>
    </div>
  );
}
