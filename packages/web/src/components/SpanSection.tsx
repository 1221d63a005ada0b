// The span bar: totals of the selected span, or of the reply.

import { useMemo } from "react";
import { conditionsText, spanText } from "../views/copy-text.ts";
import { activeDocumentPath } from "../views/path.ts";
import type { Measure } from "../views/position-header.ts";
import {
  type BitsOfToken,
  HOW_TO_SELECT,
  NO_REPLY,
  type SpanBar,
  spanBar,
} from "../views/span-bar.ts";
import { CopyButton } from "./CopyButton.tsx";
import { SpanEdits } from "./edit/SpanEdits.tsx";
import { Piece } from "./Piece.tsx";
import { useActions, usePage, usePageStore } from "./store-context.ts";
import { PHONE, useMedia } from "./use-media.ts";

/** Range, tokens, bits, perplexity, the most and the least surprised, and the sum written out. */
export function SpanSection() {
  const doc = usePage((state) => state.history.present);
  const scores = usePage((state) => state.scores);
  const span = usePage((state) => state.span);
  const vocabulary = usePage((state) => state.vocabulary);
  const bar = useMemo(
    () => spanBar(activeDocumentPath(doc), scores, span, vocabulary),
    [doc, scores, span, vocabulary],
  );
  return (
    <section className="span-bar" aria-label={span === null ? "Reply" : "Selected span"}>
      {bar === null ? <p className="sum say">{NO_REPLY}</p> : <SpanFigures bar={bar} />}
    </section>
  );
}

function SpanFigures({ bar }: { readonly bar: SpanBar }) {
  const actions = useActions();
  const store = usePageStore();
  const isPhone = useMedia(PHONE);
  const how = isPhone ? HOW_TO_SELECT.phone : HOW_TO_SELECT.desktop;
  return (
    <>
      <dl className="stats">
        {[bar.range, ...bar.measures].map((measure) => (
          <Figure key={measure.label} measure={measure} />
        ))}
        {bar.most && <Extreme label="most surprised" token={bar.most} />}
        {bar.least && <Extreme label="least" token={bar.least} />}
      </dl>
      <div className="span-acts">
        {bar.isSelected && (
          <button type="button" className="btn plain" onClick={() => actions.selectSpan(null)}>
            Clear <kbd>Esc</kbd>
          </button>
        )}
        {bar.isSelected && isPhone && <SpanEdits />}
        <button type="button" className="btn plain" onClick={actions.holdSpan}>
          Hold span <kbd>H</kbd>
        </button>
        <CopyButton text={() => spanText(bar, conditionsText(store.getState()))} />
      </div>
      {bar.sum === null ? (
        <p className="sum say">{[bar.leftOut, bar.sentence || how].filter(Boolean).join(" · ")}</p>
      ) : (
        <p className="sum">
          {bar.sum.terms.map((term, i) => (
            <span key={term.position}>
              {i > 0 && " + "}
              <Piece segments={term.segments} /> {term.bits}
            </span>
          ))}{" "}
          = <b>{bar.sum.total}</b>
          {bar.leftOut !== "" && ` · ${bar.leftOut}`}
        </p>
      )}
    </>
  );
}

function Figure({ measure }: { readonly measure: Measure }) {
  return (
    <div>
      <dt>{measure.label}</dt>
      <dd>{measure.value}</dd>
    </div>
  );
}

function Extreme({ label, token }: { readonly label: string; readonly token: BitsOfToken }) {
  const actions = useActions();
  return (
    <div className="extreme">
      <dt>{label}</dt>
      <dd>
        <button
          type="button"
          title={`Position ${token.position}`}
          onClick={() => actions.moveTo(token.position)}
        >
          <span className="mono">
            <Piece segments={token.segments} />
          </span>{" "}
          <small>{token.bits}</small>
        </button>
      </dd>
    </div>
  );
}
