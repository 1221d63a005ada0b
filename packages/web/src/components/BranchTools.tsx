// What can be done with branches: a menu at the map's head on a desktop, a row of buttons under the phone's list; and the word about the last deletion.

import "../styles/branches.css";
import { branchVerbs } from "../views/branch-verbs.ts";
import { ActionButton } from "./ActionButton.tsx";
import { Menu, type MenuVerb } from "./Menu.tsx";
import { useActions, usePage, usePageStore } from "./store-context.ts";

/** The menu, over the map's head. */
export function BranchMenu({ name }: { readonly name: string }) {
  const verbs = useVerbs();
  return (
    <div className="branch-tools">
      <Menu name="Branches" what={name} verbs={verbs} side="left" />
      <DeletedWord />
    </div>
  );
}

/** The same verbs as buttons. */
export function BranchButtons({ onDone }: { readonly onDone: () => void }) {
  const verbs = useVerbs();
  return (
    <div className="branch-buttons">
      {verbs.map(({ name, blocked, act }) => (
        <ActionButton
          key={name}
          blocked={blocked}
          onPress={() => {
            act();
            if (name !== "Rename" && name !== "Delete branch") onDone();
          }}
        >
          {name}
        </ActionButton>
      ))}
      <DeletedWord />
    </div>
  );
}

function useVerbs(): readonly MenuVerb[] {
  const store = usePageStore();
  const { startRenaming, deleteBranch, toggleCompare } = useActions();
  const count = usePage((state) => state.history.present.branches.length);
  const isWriting = usePage((state) => state.work.kind === "generating");
  const active = () => store.getState().history.present.activeKey;
  const blocks = branchVerbs(count, isWriting);
  return [
    {
      name: "Rename",
      keys: "F2",
      blocked: blocks.rename,
      act: () => startRenaming(active()),
    },
    {
      name: "Delete branch",
      keys: "Del",
      blocked: blocks.remove,
      act: () => deleteBranch(active()),
    },
    {
      name: "Compare branches",
      keys: "C",
      blocked: blocks.compare,
      act: () => toggleCompare("compare"),
    },
    { name: "Recover", keys: "V", blocked: null, act: () => toggleCompare("recover") },
    {
      name: "Try another system prompt",
      keys: "",
      blocked: null,
      act: () => toggleCompare("prompts"),
    },
  ];
}

/** Says what was deleted, with its Undo, until something else is done. */
function DeletedWord() {
  const { undo } = useActions();
  const name = usePage(({ deletedBranch, history }) =>
    deletedBranch?.after === history.present ? deletedBranch.name : null,
  );
  if (name === null) return null;
  return (
    <span className="deleted">
      {name} is deleted.{" "}
      <button type="button" className="btn plain" onClick={undo}>
        Bring it back
      </button>
    </span>
  );
}
