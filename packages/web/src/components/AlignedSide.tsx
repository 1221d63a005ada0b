// One of two token strips side by side, from where the two part. What a click does is the owner's part.

import "../styles/aligned.css";
import type { KeyboardEvent, ReactNode } from "react";
import type { AlignedTokens } from "../views/aligned.ts";
import type { TokenView } from "../views/token-view.ts";
import { Piece } from "./Piece.tsx";
import { stepInRow } from "./steps.ts";

/** What pointing at a token and taking it do; places are counted from the first token shown. */
interface SideGestures {
  readonly id: string;
  readonly pointed: number | null;
  /** The place of the position shown on the page; null where it is not here. */
  readonly here: number | null;
  readonly onPoint: (place: number | null) => void;
  readonly onPick: (place: number) => void;
}

interface AlignedSideProps {
  readonly title: string;
  readonly side: AlignedTokens;
  readonly children?: ReactNode;
  /** Null where the tokens are only looked at. */
  readonly gestures?: SideGestures;
}

/** A heading, what the owner says of this side, and its tokens, the first marked as the parting. */
export function AlignedSide({ title, side, children, gestures }: AlignedSideProps) {
  const { tokens, more } = side;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {children}
      {gestures === undefined || tokens.length === 0 ? (
        <div className="toks">
          {tokens.map((view, i) => (
            <AlignedToken key={view.position} view={view} isParting={i === 0} />
          ))}
          {tokens.length === 0 && <span className="say">nothing more</span>}
        </div>
      ) : (
        <PickedTokens title={title} tokens={tokens} gestures={gestures} />
      )}
      {more > 0 && <p className="say">and {more} more</p>}
    </section>
  );
}

interface PickedTokensProps {
  readonly title: string;
  readonly tokens: readonly TokenView[];
  readonly gestures: SideGestures;
}

/** The tokens as a list: arrows point, Enter takes, and so does a click. */
function PickedTokens({ title, tokens, gestures }: PickedTokensProps) {
  const { id, pointed, here, onPoint, onPick } = gestures;
  const last = tokens.length - 1;
  const at = Math.min(pointed ?? here ?? 0, last);
  const onKeyDown = (event: KeyboardEvent) => {
    const to = stepInRow(event.key, { at, last });
    if (event.key === "Enter") onPick(at);
    else if (to === null) return;
    else {
      onPoint(to);
      document.getElementById(`${id}-${to}`)?.scrollIntoView({ block: "nearest" });
    }
    event.preventDefault();
  };
  return (
    <div
      className="toks"
      role="listbox"
      tabIndex={0}
      aria-label={`Tokens of ${title}`}
      aria-orientation="horizontal"
      aria-activedescendant={`${id}-${at}`}
      onKeyDown={onKeyDown}
      onFocus={() => pointed === null && onPoint(at)}
      onBlur={() => onPoint(null)}
      onPointerLeave={() => onPoint(null)}
    >
      {tokens.map((view, i) => (
        <AlignedToken
          key={view.position}
          view={view}
          isParting={i === 0}
          option={{
            id: `${id}-${i}`,
            isHere: i === here,
            isPointed: i === pointed,
            onPoint: () => onPoint(i),
            onPick: () => onPick(i),
          }}
        />
      ))}
    </div>
  );
}

interface AlignedTokenProps {
  readonly view: TokenView;
  readonly isParting: boolean;
  readonly option?: {
    readonly id: string;
    readonly isHere: boolean;
    readonly isPointed: boolean;
    readonly onPoint: () => void;
    readonly onPick: () => void;
  };
}

const LOOKS = { plain: "", special: "sp", template: "tpl" } as const;

function AlignedToken({ view, isParting, option }: AlignedTokenProps) {
  const classes = [
    "tok",
    `c${view.surprise}`,
    LOOKS[view.look],
    view.isForced ? "forced" : "",
    isParting ? "parting" : "",
    option?.isHere === true ? "here" : "",
  ];
  return (
    <span
      className={classes.filter(Boolean).join(" ")}
      data-na={view.bits === null ? "" : undefined}
      title={view.title}
      style={{ "--h": view.height.toFixed(3) }}
      {...(option !== undefined && {
        id: option.id,
        role: "option",
        "aria-selected": option.isHere,
        "aria-label": view.name,
        "data-pointed": option.isPointed ? "" : undefined,
        onPointerEnter: option.onPoint,
        onClick: option.onPick,
      })}
    >
      <b>
        <Piece segments={view.segments} />
      </b>
    </span>
  );
}
