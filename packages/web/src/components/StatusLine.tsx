// The status bar: model, engine, precision, context used, speed, conventions.

import type { Precision } from "@tokenscope/core";
import { activeDocumentPath } from "../views/path.ts";
import { PRECISION_WORDS, statusBar } from "../views/status.ts";
import { percentOf } from "./Candidate.tsx";
import { EngineChoice } from "./EngineChoice.tsx";
import { useActions, usePage } from "./store-context.ts";

const BASE_TITLE =
  "It has no chat template: what you write is continued as text, without roles and markers.";

interface StatusLineProps {
  /** Whether a drawer lies over it. */
  readonly isCovered: boolean;
}

/** One line of text at the bottom of the page. */
export function StatusLine({ isCovered }: StatusLineProps) {
  const { switchPrecision, openDialog } = useActions();
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
      inert={isCovered}
      data-model={model.kind}
      data-work={work}
      data-model-runs={counts.modelRuns}
      data-head-runs={counts.headRuns}
    >
      <button
        type="button"
        className="model"
        aria-haspopup="dialog"
        title="Choose a model (M)"
        onClick={() => openDialog("models")}
      >
        {status.model}
      </button>
      {status.file !== "" && <span className="opt">{status.file}</span>}
      {status.kind !== "" && (
        <span className="opt" title={BASE_TITLE}>
          {status.kind}
        </span>
      )}
      {status.engine !== "" && <EngineChoice status={status} isBusy={isBusy} />}
      <select
        aria-label="Precision"
        title="Arithmetic of the model. Exact computes in fp32 with the weights as the file has them. Compact is quicker a token: it rounds what enters a product to 16 bits, and weights of 16 or 32 bits to 8; from a quantised file it is off by less than 0.01 bits. Switching scores the conversation again."
        value={precision}
        disabled={model.kind !== "ready" || isBusy}
        onChange={(event) => switchPrecision(event.target.value as Precision)}
      >
        <option value="exact">{PRECISION_WORDS.exact}</option>
        <option value="compact">{PRECISION_WORDS.compact}</option>
      </select>
      <span className="use">
        <span className="meter" aria-hidden="true">
          <i style={{ width: percentOf(status.context.share) }} />
        </span>
        {status.context.text}
        {model.kind === "ready" && <span className="opt"> tokens of context</span>}
      </span>
      {status.speed !== "" && (
        <span className="opt" title={status.speedTitle}>
          {status.speed}
        </span>
      )}
      <span className="right">{status.conventions}</span>
    </footer>
  );
}
