// One turn of the strip: its role in the gutter, then its tokens.

import { memo, useMemo } from "react";
import type { Span } from "../store/state.ts";
import type { Tint } from "../views/coloring.ts";
import { isSameTurn, type TurnView } from "../views/strip.ts";
import type { TokenView } from "../views/token-view.ts";
import { TokenRun } from "./TokenRun.tsx";

interface TurnProps {
  readonly turn: TurnView;
  /** Of the whole path, by position. */
  readonly tints: readonly Tint[];
  /** The position shown, where it lies in this turn; null elsewhere. */
  readonly here: number | null;
  /** The span, where it touches this turn; null elsewhere. */
  readonly span: Span | null;
  readonly hasSpan: boolean;
}

/** A turn; drawn again only when it holds what changed. */
export const Turn = memo(function Turn({ turn, tints, here, span, hasSpan }: TurnProps) {
  const last = turn.to - 1;
  const runs = useMemo(() => tokenRuns(turn.tokens), [turn.tokens]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of options in a listbox has no element of its own
    <div className="turn" role="group" aria-label={`${turn.role} turn`}>
      <div className="who" aria-hidden="true">
        <b>{turn.role}</b>
        <small>{turn.countText}</small>
        <small>{turn.bitsText}</small>
      </div>
      <div className="toks" role="presentation">
        {runs.map(({ from, to, tokens }) => {
          const holds = (position: number | null) =>
            position !== null && position >= from && position < to;
          return (
            <TokenRun
              key={from}
              tokens={tokens}
              tints={tints}
              here={holds(here) ? here : null}
              span={span !== null && span.from < to && span.to >= from ? span : null}
              hasSpan={hasSpan}
              last={holds(last) ? last : null}
            />
          );
        })}
        {turn.hasNext && <NextToken position={turn.to} isHere={here === turn.to} />}
      </div>
    </div>
  );
}, isSameProps);

function NextToken({ position, isHere }: { readonly position: number; readonly isHere: boolean }) {
  return (
    <span
      className={isHere ? "caret here" : "caret"}
      role="option"
      tabIndex={isHere ? 0 : -1}
      aria-selected={isHere}
      aria-current={isHere ? "true" : undefined}
      aria-label="Next token, not written yet"
      data-i={position}
    >
      next
    </span>
  );
}

const RUN_TOKENS = 64; // short enough to be drawn again at every move, long enough that a text has few

interface Run {
  readonly from: number;
  readonly to: number;
  readonly tokens: readonly TokenView[];
}

function tokenRuns(tokens: readonly TokenView[]): readonly Run[] {
  const first = tokens[0]?.position ?? 0;
  return Array.from({ length: Math.ceil(tokens.length / RUN_TOKENS) }, (_, i) => {
    const own = tokens.slice(i * RUN_TOKENS, (i + 1) * RUN_TOKENS);
    const from = first + i * RUN_TOKENS;
    return { from, to: from + own.length, tokens: own };
  });
}

function isSameProps(a: TurnProps, b: TurnProps): boolean {
  return (
    a.here === b.here &&
    a.hasSpan === b.hasSpan &&
    a.span?.from === b.span?.from &&
    a.span?.to === b.span?.to &&
    a.tints === b.tints &&
    (a.turn === b.turn || isSameTurn(a.turn, b.turn))
  );
}
