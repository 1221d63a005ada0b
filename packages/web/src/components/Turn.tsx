// One turn of the strip: its role in the gutter, then its tokens.

import { Fragment, memo } from "react";
import type { Span } from "../store/state.ts";
import { NO_TINT, type Tint } from "../views/coloring.ts";
import { isSameTurn, type TurnView } from "../views/strip.ts";
import { Token } from "./Token.tsx";

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
  const last = turn.tokens.at(-1)?.position;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of options in a listbox has no element of its own
    <div className="turn" role="group" aria-label={`${turn.role} turn`}>
      <div className="who" aria-hidden="true">
        <b>{turn.role}</b>
        <small>{turn.countText}</small>
        <small>{turn.bitsText}</small>
      </div>
      <div className="toks" role="presentation">
        {turn.tokens.map((token) => {
          const { position } = token;
          const isHere = position === here;
          const inSpan = spanMark(span, position);
          const { level, height } = tints[position] ?? NO_TINT;
          return (
            <Fragment key={position}>
              <Token
                view={token}
                level={level}
                height={height}
                isHere={isHere}
                inSpan={inSpan}
                isSelected={hasSpan ? inSpan !== "" : isHere}
              />
              {token.endsLine && position !== last && <span className="brk" role="presentation" />}
            </Fragment>
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

function spanMark(
  span: Span | null,
  position: number,
): "" | "in" | "in first" | "in last" | "in first last" {
  if (span === null || position < span.from || position > span.to) return "";
  if (position === span.from) return position === span.to ? "in first last" : "in first";
  return position === span.to ? "in last" : "in";
}

function isSameProps(a: TurnProps, b: TurnProps): boolean {
  return (
    a.here === b.here &&
    a.hasSpan === b.hasSpan &&
    a.span?.from === b.span?.from &&
    a.span?.to === b.span?.to &&
    (a.turn === b.turn || isSameTurn(a.turn, b.turn)) &&
    (a.tints === b.tints || isSameTints(a, b))
  );
}

function isSameTints(a: TurnProps, b: TurnProps): boolean {
  return a.turn.tokens.every(({ position }) => {
    const before = a.tints[position] ?? NO_TINT;
    const now = b.tints[position] ?? NO_TINT;
    return before.level === now.level && before.height === now.height;
  });
}
