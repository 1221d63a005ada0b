// A stretch of a turn's tokens, so that in a long text a move draws two stretches again and not two thousand tokens.

import { Fragment, memo } from "react";
import type { Span } from "../store/state.ts";
import { NO_TINT, type Tint } from "../views/coloring.ts";
import type { TokenView } from "../views/token-view.ts";
import { Token } from "./Token.tsx";

interface TokenRunProps {
  readonly tokens: readonly TokenView[];
  /** Of the whole path, by position. */
  readonly tints: readonly Tint[];
  /** The position shown, where it lies in this stretch; null elsewhere. */
  readonly here: number | null;
  /** The span, where it touches this stretch; null elsewhere. */
  readonly span: Span | null;
  readonly hasSpan: boolean;
  /** The last position of the turn, after which no line ends, where it lies in this stretch. */
  readonly last: number | null;
}

/** The tokens; drawn again only when they hold what changed. */
export const TokenRun = memo(function TokenRun(props: TokenRunProps) {
  const { tokens, tints, here, span, hasSpan, last } = props;
  return tokens.map((token) => {
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
  });
}, isSameProps);

function spanMark(
  span: Span | null,
  position: number,
): "" | "in" | "in first" | "in last" | "in first last" {
  if (span === null || position < span.from || position > span.to) return "";
  if (position === span.from) return position === span.to ? "in first last" : "in first";
  return position === span.to ? "in last" : "in";
}

function isSameProps(a: TokenRunProps, b: TokenRunProps): boolean {
  return (
    a.here === b.here &&
    a.hasSpan === b.hasSpan &&
    a.last === b.last &&
    a.span?.from === b.span?.from &&
    a.span?.to === b.span?.to &&
    (a.tokens === b.tokens || isSameTokens(a.tokens, b.tokens)) &&
    (a.tints === b.tints || isSameTints(a, b))
  );
}

function isSameTokens(a: readonly TokenView[], b: readonly TokenView[]): boolean {
  return a.length === b.length && a.every((token, i) => token === b[i]);
}

function isSameTints(a: TokenRunProps, b: TokenRunProps): boolean {
  return a.tokens.every(({ position }) => {
    const before = a.tints[position] ?? NO_TINT;
    const now = b.tints[position] ?? NO_TINT;
    return before.level === now.level && before.height === now.height;
  });
}
