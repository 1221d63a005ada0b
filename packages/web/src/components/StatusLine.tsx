// The status bar: model, engine, precision, context used, speed, conventions.

import type { Precision } from "@tokenscope/core";
import { activeDocumentPath } from "../views/path.ts";
import { PRECISION_WORDS, statusBar } from "../views/status.ts";
import { percentOf } from "./Candidate.tsx";
import { usePage } from "./store-context.ts";

/** One line of text at the bottom of the page. */
export function StatusLine() {
  const switchPrecision = usePage((state) => state.actions.usePrecision);
  const model = usePage((state) => state.model);
  const precision = usePage((state) => state.precision);
  const length = usePage((state) => activeDocumentPath(state.history.present).nodes.length);
  const work = usePage((state) => state.work.kind);
  const counts = usePage((state) => state.counts);
  const isBusy = work === "generating";
  const status = statusBar({ model }, length);
  return (
    <footer
      className="status"
      data-model={model.kind}
      data-work={work}
      data-model-runs={counts.modelRuns}
      data-head-runs={counts.headRuns}
    >
      <span className="model">{status.model}</span>
      {status.file !== "" && <span className="opt">{status.file}</span>}
      {status.engine !== "" && (
        <span className="engine" title={status.engineReason || undefined}>
          {status.engine}
        </span>
      )}
      <select
        aria-label="Precision"
        title="Arithmetic of the model. Compact is off by 0.1 bit on average, single tokens by more, so near-equal candidates may change places. Switching scores the conversation again."
        value={precision}
        disabled={model.kind !== "ready" || isBusy}
        onChange={(event) => switchPrecision(event.target.value as Precision)}
      >
        <option value="compact">{PRECISION_WORDS.compact}</option>
        <option value="exact">{PRECISION_WORDS.exact}</option>
      </select>
      <span className="use">
        <span className="meter" aria-hidden="true">
          <i style={{ width: percentOf(status.context.share) }} />
        </span>
        {status.context.text}
        {model.kind === "ready" && <span className="opt"> tokens of context</span>}
      </span>
      {status.speed !== "" && <span className="opt">{status.speed}</span>}
      <span className="right">{status.conventions}</span>
    </footer>
  );
}
