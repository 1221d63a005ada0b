// The conversation's tools: their definitions, and the beginning of a call.

import { activePath, branchOf, callExample, parseTools, TOOL_CALL } from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { canWrite, tooLong } from "../views/composer.ts";
import { commit } from "./commit.ts";
import { type ModelLink, problemOf } from "./model-link.ts";
import type { Store } from "./state.ts";

export interface ToolsActions {
  /** Defines the tools, JSON of them or an empty text for none; what is wrong, or null where it was done. */
  readonly defineTools: (text: string) => Promise<string | null>;
  /** The role of the next message. A tool call begins with the first tool's name and arguments, where nothing is written. */
  readonly setRole: (role: string) => void;
}

export function toolsActions(store: StoreApi<Store>, link: ModelLink): ToolsActions {
  return {
    async defineTools(text) {
      try {
        return await define(store, link, text);
      } catch (error) {
        return problemOf(error, store.getState());
      }
    },
    setRole(role) {
      const { message, history } = store.getState();
      const [tool] = parseTools(branchOf(history.present).tools ?? "");
      if (role !== TOOL_CALL || message !== "" || tool === undefined) store.setState({ role });
      else store.setState({ role, message: callExample(tool), messageTokens: null });
    },
  };
}

async function define(
  store: StoreApi<Store>,
  link: ModelLink,
  text: string,
): Promise<string | null> {
  const before = store.getState();
  if (!canWrite(before)) return "The model is not there, or it is writing: try again then.";
  const doc = before.history.present;
  const next = await link.ask("setTools", { doc, text });
  const { history, model, work } = store.getState();
  if (history.present !== doc || work.kind === "generating") {
    return "Something else was written meanwhile: define the tools again.";
  }
  const { length } = activePath(next);
  if (model.kind === "ready" && length > model.loaded.contextLength) {
    return tooLong(length, model.loaded.contextLength);
  }
  const isNone = branchOf(next).tools === undefined;
  commit(store, next, { announcement: isNone ? "No tools are defined" : "The tools are defined" });
  return null;
}
