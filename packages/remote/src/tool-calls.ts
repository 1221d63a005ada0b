// Tool calls of a reply as text. A stream brings a call in parts: its name first, then the letters of its arguments.

import type { AnsweredToolCall } from "./answers.ts";

/** Writes words and calls as they come, each call on a line. Example: a call of "now" without arguments -> {"name":"now","arguments":{}}. */
export interface ToolCallWriter {
  /** The text of what came. */
  write(came: { readonly words: string; readonly parts: readonly AnsweredToolCall[] }): string;
  /** The text that ends the last call; none where there was none. */
  end(): string;
}

/** A writer that has written nothing yet. */
export function toolCallWriter(): ToolCallWriter {
  let isLineBegun = false;
  let open: { readonly part: AnsweredToolCall; hasArguments: boolean } | null = null;
  const end = (): string => {
    const rest = open === null ? "" : `${open.hasArguments ? "" : "{}"}}`;
    open = null;
    return rest;
  };
  const writeWords = (words: string): string => {
    const call = end();
    isLineBegun = !words.endsWith("\n");
    return call === "" ? words : `${call}\n${words}`;
  };
  const writePart = (part: AnsweredToolCall): string => {
    let text = "";
    if (open === null || isOther(part, open.part)) {
      text = `${end()}${isLineBegun ? "\n" : ""}{"name":${JSON.stringify(part.function?.name ?? "")},"arguments":`;
      open = { part, hasArguments: false };
      isLineBegun = true;
    }
    const given = part.function?.arguments ?? "";
    if (given !== "") open.hasArguments = true;
    return text + given;
  };
  return {
    write({ words, parts }) {
      const before = words === "" ? "" : writeWords(words);
      return before + parts.map(writePart).join("");
    },
    end,
  };
}

/** Some servers give every call the same index, and each its own id. */
function isOther(part: AnsweredToolCall, before: AnsweredToolCall): boolean {
  if (part.id && before.id && part.id !== before.id) return true;
  return (part.index ?? before.index) !== before.index;
}
