// The strip: every token of the active path as an option of one listbox.

import { type KeyboardEvent, useMemo, useRef } from "react";
import type { Span } from "../store/state.ts";
import { scaleOf, tintsOf } from "../views/coloring.ts";
import { placingEdit } from "../views/edit.ts";
import { activeDocumentPath, lastPosition, turnHolding } from "../views/path.ts";
import { stripView, type TurnView } from "../views/strip.ts";
import { actOnPageKey } from "./page-keys.ts";
import { usePage, usePageStore } from "./store-context.ts";
import { tokenBoxes, tokenElement } from "./strip-elements.ts";
import { stripTarget, stripVerb } from "./strip-keys.ts";
import { Turn } from "./Turn.tsx";
import { useKeptFocus } from "./use-kept-focus.ts";
import { useStripPointer } from "./use-strip-pointer.ts";
import { useTokenInSight } from "./use-token-in-sight.ts";

/** The tokens, their keys and their gestures. */
export function Strip() {
  const store = usePageStore();
  const doc = usePage((state) => state.history.present);
  const scores = usePage((state) => state.scores);
  const vocabulary = usePage((state) => state.vocabulary);
  const position = usePage((state) => state.position);
  const span = usePage((state) => state.span);
  const colorBy = usePage((state) => state.colorBy);
  const overlay = usePage((state) => state.overlay);
  const placing = usePage((state) => placingEdit(state)?.kind);
  const strip = useRef<HTMLDivElement>(null);
  const anchor = useRef<number | null>(null);
  const path = activeDocumentPath(doc);
  const isAtNext = position === path.nodes.length;
  const turns = useMemo(
    () => stripView(path, scores, { vocabulary, isAtNext }),
    [path, scores, vocabulary, isAtNext],
  );
  const tints = useMemo(
    () => tintsOf(path, scores, { colorBy, overlay }),
    [path, scores, colorBy, overlay],
  );
  const keptFocus = useKeptFocus(() => tokenElement(strip.current, store.getState().position));
  const pointer = useStripPointer(store, strip, anchor);

  useTokenInSight(strip, position);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const { actions } = store.getState();
    const verb = stripVerb(event);
    if (verb === "leave") {
      anchor.current = null;
      if (placing === undefined) actions.selectSpan(null);
      else actions.leaveEdit();
    } else if (verb === "candidates") {
      event.preventDefault();
      focusCandidates();
    } else if (!actOnPageKey(event, store)) {
      const place = { position, last: lastPosition(path), turn: turnHolding(path, position) };
      const to = stripTarget(event, place, () => tokenBoxes(strip.current));
      if (to === null) return;
      event.preventDefault();
      if (event.shiftKey && to < path.nodes.length) {
        anchor.current = span === null ? position : (anchor.current ?? span.from);
        const from = anchor.current;
        actions.moveTo(to);
        actions.selectSpan({ from: Math.min(from, to), to: Math.max(from, to) });
      } else {
        anchor.current = null;
        actions.selectSpan(null);
        actions.moveTo(to);
      }
    }
  };

  return (
    <div
      ref={strip}
      id="strip"
      data-edit={placing}
      data-ramp={scaleOf({ colorBy, overlay }).ramp}
      role="listbox"
      tabIndex={-1}
      aria-multiselectable="true"
      aria-orientation="horizontal"
      aria-label="Conversation as tokens"
      onKeyDown={onKeyDown}
      {...pointer}
      {...keptFocus}
    >
      {turns.map((turn) => (
        <Turn
          key={turn.index}
          turn={turn}
          tints={tints}
          here={holds(turn, position) ? position : null}
          span={touching(turn, span)}
          hasSpan={span !== null}
        />
      ))}
    </div>
  );
}

function holds(turn: TurnView, position: number): boolean {
  return position >= turn.from && (position < turn.to || (turn.hasNext && position === turn.to));
}

function touching(turn: TurnView, span: Span | null): Span | null {
  return span !== null && span.from < turn.to && span.to >= turn.from ? span : null;
}

function focusCandidates(): void {
  const list = document.getElementById("candidates");
  const row = list?.querySelector<HTMLElement>('[tabindex="0"]') ?? list;
  row?.focus();
}
