// Tokens to put at the first position, where nothing is predicted: found by text or id, without numbers.

import { type KeyboardEvent, useRef } from "react";
import type { FoundRow } from "../../views/edit.ts";
import { foundView } from "../../views/edit.ts";
import { Piece } from "../Piece.tsx";
import { stepInList } from "../steps.ts";
import { useActions, usePage } from "../store-context.ts";

/** What the search finds; a row is put at the position. */
export function FoundList() {
  const actions = useActions();
  const found = usePage((state) => state.found);
  const query = usePage((state) => state.query);
  const vocabulary = usePage((state) => state.vocabulary);
  const list = useRef<HTMLDivElement>(null);
  const { note, rows } = foundView(found, query, vocabulary);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") document.getElementById("search")?.focus();
    const all = Array.from(list.current?.children ?? []);
    const at = all.indexOf(event.target as HTMLElement);
    const to = stepInList(event.key, { at, last: all.length - 1 });
    if (to === null) return;
    event.preventDefault();
    (all[to] as HTMLElement | undefined)?.focus();
  };
  const choose = (row: FoundRow) => {
    actions.choose(row.id, "forced");
    actions.setQuery("");
    document.querySelector<HTMLElement>('#strip [tabindex="0"]')?.focus();
  };
  return (
    <>
      <p className="none note">{note}</p>
      <div
        ref={list}
        id="candidates"
        className="list found"
        role="listbox"
        tabIndex={-1}
        aria-label="Tokens found, by id"
        onKeyDown={onKeyDown}
      >
        {rows.map((row, i) => (
          <button
            key={row.id}
            type="button"
            role="option"
            aria-selected={false}
            className="row"
            tabIndex={i === 0 ? 0 : -1}
            onClick={() => choose(row)}
          >
            <span className="vh">{row.name}</span>
            <span className="rk" aria-hidden="true">
              {row.idText}
            </span>
            <span className="tk mono" aria-hidden="true">
              <span className={row.isSpecial ? "sp" : ""}>
                <Piece segments={row.segments} />
              </span>
            </span>
            {row.isSpecial && (
              <span className="label" aria-hidden="true">
                special token
              </span>
            )}
          </button>
        ))}
      </div>
    </>
  );
}
