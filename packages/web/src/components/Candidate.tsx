// One candidate: rank, token, bar, p, bits, and what the settings leave of it.

import type { CandidateRow } from "../views/candidates.ts";
import { Piece } from "./Piece.tsx";

interface CandidateProps {
  readonly row: CandidateRow;
  readonly isTabStop: boolean;
  readonly isPinned?: boolean;
  readonly isDisabled: boolean;
  /** True where it is followed along the text; missing where it cannot be. */
  readonly isFollowed?: boolean;
  readonly onFollow?: () => void;
  readonly onChoose: () => void;
  readonly onFocus?: () => void;
}

/** A row of the list, or the pinned row of the token that came. */
export function Candidate(props: CandidateProps) {
  const { row, isTabStop, isPinned = false, isDisabled, onChoose, onFocus } = props;
  const { isFollowed, onFollow } = props;
  const { after, isActual } = row;
  const classes = [
    "row",
    isPinned ? "pin" : "",
    isActual ? "act" : "",
    after?.isCut === true ? "cut" : "",
  ];
  return (
    <button
      type="button"
      className={classes.filter(Boolean).join(" ")}
      role="option"
      aria-selected={isActual}
      aria-disabled={isDisabled}
      tabIndex={isTabStop ? 0 : -1}
      onClick={({ target }) => {
        const isPin = target instanceof Element && target.closest("[data-pin]") !== null;
        if (isPin) onFollow?.();
        else onChoose();
      }}
      onFocus={onFocus}
    >
      <span className="vh">{row.name}</span>
      <span className="rk" aria-hidden="true">
        {row.rank}
      </span>
      <span className="tk mono" aria-hidden="true">
        {row.isSpecial ? (
          <span className="sp">
            <Piece segments={row.segments} />
          </span>
        ) : (
          <Piece segments={row.segments} />
        )}
        {isFollowed !== undefined && (
          // A pointer's way; the key P does the same, and the drawer has the buttons.
          <em data-pin="" className={isFollowed ? "on" : ""}>
            {isFollowed ? "pinned" : "pin"}
          </em>
        )}
      </span>
      <span className="br">
        <u style={{ left: "50%" }} />
        <u style={{ left: "100%" }} />
        <i className={after === null ? "" : "raw"} style={{ width: percentOf(row.width) }} />
        {after !== null && !after.isCut && (
          <i className="kept" style={{ width: percentOf(after.width) }} />
        )}
      </span>
      <span className="num" aria-hidden="true">
        {row.percent}
      </span>
      <span className="num bits" aria-hidden="true">
        {row.bits}
      </span>
      {after !== null && (
        <span className="num fin" aria-hidden="true">
          {after.isCut ? <span className="why">{after.text}</span> : after.text}
        </span>
      )}
    </button>
  );
}

/** A share as a width. Example: 0.5 -> "50.00%". */
export function percentOf(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
