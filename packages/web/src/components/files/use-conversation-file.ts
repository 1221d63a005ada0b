// The conversation on screen as a file of its own.

import { formatSessionFile } from "@tokenscope/core";
import { labForFile } from "../../store/lab.ts";
import { fileName } from "../../views/export-range.ts";
import { sessionOf, sessionTitle, withCandidatePieces } from "../../views/session.ts";
import { usePageStore } from "../store-context.ts";
import { saveFile } from "./save-file.ts";

/** How a conversation's file is named, so that a person finds it again. */
const ENDING = "tokenscope.json";

/** Saves the conversation with its branches and numbers; says so, or why there is nothing to save. */
export function useConversationFile(): () => void {
  const store = usePageStore();
  return () => {
    const state = store.getState();
    const session = sessionOf(state);
    if (session === null) {
      store.setState({ announcement: "There is no conversation to save yet" });
      return;
    }
    const whole = withCandidatePieces(session, state.vocabulary);
    const name = fileName(sessionTitle(session), ENDING).replace(`-${ENDING}`, `.${ENDING}`);
    const lab = labForFile(state.lab);
    saveFile(formatSessionFile({ ...whole, lab }), name, "application/json");
    store.setState({ announcement: `Saved as ${name}` });
  };
}
