// The candidates of the position shown, most likely first, with the rest.

import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { pinsOf } from "../store/pins.ts";
import type { CandidateRow, CandidateTable, RestRow } from "../views/candidates.ts";
import { canWrite } from "../views/composer.ts";
import { candidatesText, conditionsText } from "../views/copy-text.ts";
import { Candidate, percentOf } from "./Candidate.tsx";
import { CopyButton } from "./CopyButton.tsx";
import { FirstToken, Placing } from "./edit/Placing.tsx";
import { isPlain } from "./key-press.ts";
import { listVerb } from "./list-keys.ts";
import { actOnPageKey } from "./page-keys.ts";
import { stepInList } from "./steps.ts";
import { useActions, usePage, usePageStore } from "./store-context.ts";
import { useKeptFocus } from "./use-kept-focus.ts";
import type { HeldPanel } from "./use-panel.ts";

const ABOVE_ACTUAL_PX = 60; // two rows of context over the token that came

/** The list; a row appends its token, or branches with it. */
export function CandidateList({ panel }: { readonly panel: HeldPanel }) {
  const store = usePageStore();
  const actions = useActions();
  const isWritable = usePage(canWrite);
  const pins = usePage(pinsOf);
  const list = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(0);
  const { table, place } = panel;
  const rows = table?.rows ?? [];
  const stop = Math.min(focused, Math.max(0, rows.length - 1));
  const actual = rows.findIndex((row) => row.isActual);
  const isSearching = table !== null && table.searchNote !== null;
  const keptFocus = useKeptFocus(
    () => list.current?.querySelector<HTMLElement>('[tabindex="0"]') ?? list.current,
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: another place scrolls the list even where the token that came has the same row
  useLayoutEffect(() => {
    const box = list.current;
    if (box === null || panel.isStale || box.contains(document.activeElement)) return;
    setFocused(Math.max(0, actual));
    const row = box.children[actual] as HTMLElement | undefined;
    const isBelow = row !== undefined && row.offsetTop > box.clientHeight - row.offsetHeight;
    box.scrollTop = isBelow ? row.offsetTop - ABOVE_ACTUAL_PX : 0;
  }, [place.contextNode, place.token?.node, actual, panel.isStale]);

  useLayoutEffect(() => {
    // The list itself has the focus only while it has no rows.
    if (document.activeElement !== list.current || rows.length === 0) return;
    list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus({ preventScroll: true });
  }, [rows.length]);

  const choose = (row: CandidateRow) => {
    if (!canWrite(store.getState()) || panel.isStale) return;
    actions.choose(row.id, isSearching ? "forced" : "chosen");
    if (isSearching) actions.setQuery(""); // what may come next is the next question
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const verb = listVerb(event);
    if (verb === "leave") {
      if (panel.isPlacing) actions.leaveEdit();
      document.querySelector<HTMLElement>('#strip [tabindex="0"]')?.focus();
    } else if (verb === "choose") {
      return; // the row's own click
    } else if (verb === "pin") {
      const row = rows[stop];
      if (row !== undefined) actions.togglePin(row.id);
    } else if (!actOnPageKey(event, store)) {
      const to = isPlain(event) ? stepInList(event.key, { at: stop, last: rows.length - 1 }) : null;
      if (to === null) return;
      event.preventDefault();
      (list.current?.children[to] as HTMLElement | undefined)?.focus();
    }
  };

  if (panel.isPlacing && place.position === 0) return <FirstToken panel={panel} />;
  const classes = ["table", table?.isAfter === true ? "after" : "", panel.isStale ? "stale" : ""];
  return (
    <div className={classes.filter(Boolean).join(" ")} aria-busy={panel.isStale}>
      {table !== null && <Axis end={table.axis} isAfter={table.isAfter} />}
      {panel.absence !== "" && <p className="none">{panel.absence}</p>}
      {table?.searchNote != null && <p className="none note">{table.searchNote}</p>}
      <div
        ref={list}
        id="candidates"
        className="list"
        role="listbox"
        tabIndex={-1}
        aria-label={
          isSearching ? "Tokens found, most likely first" : "Candidates, most likely first"
        }
        onKeyDown={onKeyDown}
        {...keptFocus}
      >
        {rows.map((row, i) => (
          <Candidate
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is a place in the list; the focus stays on it while the tokens change
            key={i}
            row={row}
            isTabStop={i === stop}
            isDisabled={!isWritable}
            isFollowed={pins.includes(row.id)}
            onFollow={() => actions.togglePin(row.id)}
            onChoose={() => choose(row)}
            onFocus={() => setFocused(i)}
          />
        ))}
      </div>
      {table?.pinned != null && <PinnedRow row={table.pinned} />}
      {table !== null && <Rest rest={table.rest} />}
      {table !== null && <Choosing panel={panel} table={table} />}
    </div>
  );
}

function Axis({ end, isAfter }: { readonly end: string; readonly isAfter: boolean }) {
  return (
    <div className="row axis" aria-hidden="true">
      <span className="rk">rank</span>
      <span>token</span>
      <span className="sc">
        <span>0</span>
        <span>{end}</span>
      </span>
      <span className="num">{isAfter ? "raw p" : "p"}</span>
      <span className="num bits">bits</span>
      {isAfter && <span className="num fin">after</span>}
    </div>
  );
}

/** What choosing does here, and beside it what else the list offers. */
function Choosing({ panel, table }: { readonly panel: HeldPanel; readonly table: CandidateTable }) {
  const store = usePageStore();
  const text = () => candidatesText(panel.header, table, conditionsText(store.getState()));
  if (panel.isPlacing) return <Placing panel={panel} />;
  return (
    <p className="pick">
      <span>
        {panel.choosing} <span className="keeping">{panel.keeping}</span>
      </span>
      <CopyButton text={text} />
    </p>
  );
}

// Not a choice: it is the token that stands here already.
function PinnedRow({ row }: { readonly row: CandidateRow }) {
  return (
    <div role="listbox" aria-label="The token that came" className="pinned">
      <Candidate row={row} isTabStop={false} isPinned isDisabled onChoose={() => undefined} />
    </div>
  );
}

function Rest({ rest }: { readonly rest: RestRow }) {
  return (
    <div className="row rest">
      <span className="lb">{rest.label}</span>
      <span className={rest.isBroken ? "br over" : "br"}>
        <i style={{ width: percentOf(rest.width) }} />
      </span>
      <span className="num">{rest.percent}</span>
      <span className="num bits" />
      {rest.after !== null && <span className="num fin">{rest.after}</span>}
    </div>
  );
}
