// The field in which a branch is named, in place of its radio.

import { useEffect, useRef, useState } from "react";
import { useActions } from "./store-context.ts";

interface BranchNameProps {
  readonly branchKey: number;
  readonly name: string;
  readonly row?: number;
  /** Where the focus goes when the field is left. */
  readonly onLeft: () => void;
}

/** Enter and leaving the field keep the name, Escape does not; an empty name is the branch's first words again. */
export function BranchName({ branchKey, name, row, onLeft }: BranchNameProps) {
  const { renameBranch, startRenaming } = useActions();
  const [text, setText] = useState(name);
  const field = useRef<HTMLInputElement>(null);
  const isLeft = useRef(false);
  useEffect(() => field.current?.select(), []);
  const leave = (isKept: boolean) => {
    if (isLeft.current) return;
    isLeft.current = true;
    if (isKept && text !== name) renameBranch(branchKey, text);
    else startRenaming(null);
  };
  return (
    <input
      ref={field}
      className="field branch-name"
      aria-label="Name of the branch"
      placeholder="its first words"
      maxLength={60}
      value={text}
      style={row === undefined ? undefined : { gridRow: row }}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => leave(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.preventDefault();
        leave(event.key === "Enter");
        onLeft();
      }}
    />
  );
}
