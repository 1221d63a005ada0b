// The verbs of editing at the position, in a menu beside its number.

import "../../styles/edit.css";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { editBlocks, editRange, rangeWords } from "../../views/edit.ts";
import { useActions, usePage, usePageStore } from "../store-context.ts";
import { beginPlacing } from "./edit-keys.ts";

interface Verb {
  readonly name: string;
  readonly keys: string;
  readonly blocked: string | null;
  readonly act: () => void;
}

function useVerbs(): readonly Verb[] {
  const store = usePageStore();
  const actions = useActions();
  const blocks = usePage(useShallow(editBlocks));
  return [
    {
      name: "Replace",
      keys: "O",
      blocked: blocks.replace,
      act: () => beginPlacing(store, actions.replaceTokens),
    },
    {
      name: "Insert before",
      keys: "A",
      blocked: blocks.insert,
      act: () => beginPlacing(store, actions.insertTokens),
    },
    { name: "Insert text before", keys: "T", blocked: blocks.text, act: actions.insertAsText },
    { name: "Remove", keys: "X", blocked: blocks.remove, act: actions.removeTokens },
    { name: "Edit as text", keys: "E", blocked: blocks.text, act: actions.editAsText },
  ];
}

/** A button that opens the verbs. */
export function EditMenu() {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div className="edit-menu">
      <button
        ref={button}
        type="button"
        className="btn plain"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        Edit
      </button>
      {isOpen && <Verbs onClose={close} onLeave={() => setOpen(false)} />}
    </div>
  );
}

interface VerbsProps {
  /** Closes the menu and gives the focus back to its button. */
  readonly onClose: () => void;
  /** Closes it where the focus has gone elsewhere. */
  readonly onLeave: () => void;
}

function Verbs({ onClose, onLeave }: VerbsProps) {
  const verbs = useVerbs();
  const what = usePage((state) => {
    const range = editRange(state);
    return range === null ? "the message" : rangeWords(range);
  });
  const menu = useRef<HTMLDivElement>(null);
  const focusItem = (index: number) =>
    (menu.current?.children[index] as HTMLElement | undefined)?.focus();
  useEffect(() => (menu.current?.firstElementChild as HTMLElement | null)?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = Array.from(menu.current?.children ?? []).indexOf(event.target as HTMLElement);
    const to = MENU_STEPS[event.key]?.(at, verbs.length);
    if (event.key === "Escape") onClose();
    else if (to === undefined) return;
    else focusItem(to);
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="menu">
      <p className="label" aria-hidden="true">
        {what}
      </p>
      <div
        ref={menu}
        role="menu"
        tabIndex={-1}
        aria-label={`Edit ${what}`}
        onKeyDown={onKeyDown}
        onBlur={({ relatedTarget, currentTarget }) => {
          if (!currentTarget.closest(".edit-menu")?.contains(relatedTarget)) onLeave();
        }}
      >
        {verbs.map(({ name, keys, blocked, act }) => (
          <button
            key={name}
            type="button"
            role="menuitem"
            tabIndex={-1}
            aria-disabled={blocked !== null}
            aria-keyshortcuts={keys}
            title={blocked ?? undefined}
            onClick={() => {
              if (blocked !== null) return;
              onClose(); // what opens next gives the focus back to the button
              act();
            }}
          >
            {name} <kbd>{keys}</kbd>
          </button>
        ))}
      </div>
    </div>
  );
}

const MENU_STEPS: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};
