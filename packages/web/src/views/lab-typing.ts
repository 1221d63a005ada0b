// Where a text goes in an answer: in place of what is selected there, on a line of its own.

/** The answer with the text in it, and where the caret then stands. Example: "Look:" and "x" at 5 -> "Look:\nx", 7. */
export function joinedText(
  answer: string,
  added: string,
  selected: { readonly from: number; readonly to: number },
): { readonly text: string; readonly caret: number } {
  const before = answer.slice(0, selected.from);
  const after = answer.slice(selected.to);
  const upTo = before + (before === "" || before.endsWith("\n") ? "" : "\n") + added;
  return {
    text: upTo + (after === "" || after.startsWith("\n") ? "" : "\n") + after,
    caret: upTo.length,
  };
}
