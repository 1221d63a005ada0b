// The verbs of editing at the position, in a menu beside its number.

import "../../styles/edit.css";
import { useShallow } from "zustand/react/shallow";
import { editBlocks, editRange, rangeWords } from "../../views/edit.ts";
import { Menu, type MenuVerb } from "../Menu.tsx";
import { useActions, usePage, usePageStore } from "../store-context.ts";
import { beginPlacing } from "./edit-keys.ts";

function useVerbs(): readonly MenuVerb[] {
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
  const verbs = useVerbs();
  const what = usePage((state) => {
    const range = editRange(state);
    return range === null ? "the message" : rangeWords(range);
  });
  return <Menu name="Edit" what={what} verbs={verbs} />;
}
