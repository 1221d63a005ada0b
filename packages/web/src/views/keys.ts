// The key map: every gesture of the page and its key, as "?" shows it. Each part of the page adds its own lines.

interface KeyLine {
  readonly keys: string;
  readonly does: string;
}

export interface KeyGroup {
  readonly place: string;
  readonly lines: readonly KeyLine[];
}

/** What the keys do, by the place that has the focus; in an order that fills three columns alike. */
export const KEY_MAP: readonly KeyGroup[] = [
  {
    place: "Anywhere",
    lines: [
      { keys: "Ctrl+Z", does: "Undo" },
      { keys: "Ctrl+Shift+Z Ctrl+Y", does: "Redo" },
      { keys: "Ctrl+O", does: "Open: a file, a link, an earlier conversation" },
      { keys: "Ctrl+S", does: "Export and save" },
      { keys: "?", does: "these keys, wherever you are not typing" },
    ],
  },
  {
    place: "In the message",
    lines: [
      { keys: "Ctrl+Enter", does: "End turn" },
      { keys: "Esc", does: "leave the system prompt as it is" },
    ],
  },
  {
    place: "In Find any token",
    lines: [
      { keys: "Enter ↓", does: "go to what was found" },
      { keys: "Esc", does: "clear it, then back to the token" },
    ],
  },
  {
    place: "In the branches",
    lines: [
      { keys: "↑ ↓ ← →", does: "switch branch" },
      { keys: "F2", does: "rename" },
      { keys: "Del", does: "delete the branch; Undo brings it back" },
    ],
  },
  {
    place: "In a drawer",
    lines: [
      { keys: "Esc", does: "close it" },
      { keys: "C V", does: "Compare branches, Recover: the other view, or close" },
      { keys: "B N Y Q P H", does: "Along the text: as in the strip; B closes" },
      { keys: "I", does: "Look deeper: close" },
      { keys: "Ctrl+Enter", does: "write the text, the other system prompt" },
    ],
  },
  {
    place: "In the strip",
    lines: [
      { keys: "← → ↑ ↓", does: "move to a token" },
      { keys: "Home End", does: "first and last token of the turn" },
      { keys: "Ctrl+Home Ctrl+End", does: "first and last token of the conversation" },
      { keys: "Shift + these", does: "select a span" },
      { keys: "Enter", does: "go to the candidates" },
      { keys: "Esc", does: "clear the span" },
    ],
  },
  {
    place: "In the candidates",
    lines: [
      { keys: "↑ ↓ Home End", does: "move" },
      { keys: "Enter Space", does: "choose" },
      { keys: "Esc", does: "back to the token" },
    ],
  },
  {
    place: "In the strip and in the candidates: to write",
    lines: [
      { keys: "1 to 9", does: "choose the candidate of that rank" },
      { keys: "S", does: "Step" },
      { keys: "G", does: "Generate response" },
      { keys: "⌫", does: "Delete: a branch that ends before the position" },
      {
        keys: "O A",
        does: "replace the token or the span, insert before it: the next choice goes there; Esc leaves",
      },
      { keys: "T E", does: "insert text before the token, edit its message or the span as text" },
      { keys: "X Shift+⌫", does: "remove the token or the span; the later tokens are kept" },
      { keys: "K", does: "tools: what the model may call" },
      { keys: ".", does: "stop what is being written, or a download" },
    ],
  },
  {
    place: "In the strip and in the candidates: to look",
    lines: [
      { keys: "[ ]", does: "switch branch" },
      {
        keys: "C V",
        does: "Compare branches; Recover: does the text come back after a forced token?",
      },
      { keys: "R", does: "raw or after settings" },
      { keys: "D", does: "draw again" },
      { keys: "/", does: "find any token" },
      { keys: "B", does: "bits along the text, with the pinned tokens and the span in full" },
      {
        keys: "N Y Q",
        does: "go to the most surprising, most certain, most uncertain place, then the next; with Shift back",
      },
      { keys: "P", does: "pin the token, or in the list the candidate; again to let go" },
      { keys: "H", does: "Hold span, to compare it with another" },
      { keys: "L", does: "the lab guide" },
      { keys: "I", does: "look deeper: layers, attention, a logit, two engines" },
      { keys: "U", does: "share: a link, and commands" },
      { keys: "W", does: "the neighbour: another conversation beside yours" },
      { keys: "M", does: "models" },
    ],
  },
  {
    place: "In a chart, a list, a menu, tabs",
    lines: [
      { keys: "← → ↑ ↓", does: "move" },
      { keys: "Home End", does: "first and last" },
      { keys: "PgUp PgDn", does: "Along the text: ten tokens on or back" },
      { keys: "Enter", does: "take, or go to the token" },
      { keys: "Esc", does: "leave" },
    ],
  },
];
