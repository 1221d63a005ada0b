// One token of the strip.

import type { SurpriseClass } from "@tokenscope/core";
import { memo } from "react";
import type { TokenView } from "../views/token-view.ts";
import { Piece } from "./Piece.tsx";

interface TokenProps {
  readonly view: TokenView;
  /** Class of its wash, and its bar as a share of the full height. */
  readonly level: SurpriseClass;
  readonly height: number;
  readonly isHere: boolean;
  readonly isSelected: boolean;
  /** Its place in the span; empty outside. */
  readonly inSpan: "" | "in" | "in first" | "in last" | "in first last";
}

const LOOKS = { plain: "", special: "sp", template: "tpl" } as const;

/** A token with its wash and its bar; drawn again only when one of its own marks changes. */
export const Token = memo(function Token(props: TokenProps) {
  const { view, level, height, isHere, isSelected, inSpan } = props;
  const classes = [
    "tok",
    `c${level}`,
    LOOKS[view.look],
    view.isForced ? "forced" : "",
    inSpan,
    isHere ? "here" : "",
  ];
  return (
    <span
      className={classes.filter(Boolean).join(" ")}
      role="option"
      aria-selected={isSelected}
      aria-current={isHere ? "true" : undefined}
      aria-label={view.name}
      tabIndex={isHere ? 0 : -1}
      title={view.title}
      data-i={view.position}
      data-na={view.bits === null ? "" : undefined}
      style={{ "--h": height.toFixed(3) }}
    >
      <b aria-hidden="true">
        <Piece segments={view.segments} />
      </b>
    </span>
  );
});
