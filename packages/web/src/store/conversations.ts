// The list of conversations in this browser: what was on screen once, so that opening another loses nothing.

import type { ModelIdentity, Session } from "@tokenscope/core";
import { delMany, get, set, update } from "idb-keyval";
import { sessionTitle } from "../views/session.ts";

const LIST = "conversations"; // the entries, the newest first
const KEPT = 200;

/** A line of the list. */
export interface ConversationEntry {
  readonly id: string;
  readonly title: string;
  readonly savedAtMs: number; // since 1970
  readonly tokens: number; // of the active branch
  readonly branches: number;
  readonly model: ModelIdentity;
}

/** Every conversation that is kept, the newest first; none where the browser keeps nothing. */
export async function readConversations(): Promise<readonly ConversationEntry[]> {
  try {
    return (await get<readonly ConversationEntry[]>(LIST)) ?? [];
  } catch {
    return []; // no storage: the page says so when it saves
  }
}

/** The session of an entry; null where it is gone. */
export async function readConversation(id: string): Promise<Session | null> {
  return (await get<Session>(keyOf(id))) ?? null;
}

/** Keeps a conversation under its id, in place of what stood there; of very many the oldest are dropped. */
export async function keepConversation(
  id: string,
  session: Session,
  savedAtMs: number,
): Promise<void> {
  const { document, model } = session;
  const tip = document.branches.find(({ key }) => key === document.activeKey)?.tip ?? null;
  const entry: ConversationEntry = {
    id,
    title: sessionTitle(session),
    savedAtMs,
    tokens: tip === null ? 0 : (document.nodes[tip]?.position ?? 0) + 1,
    branches: document.branches.length,
    model,
  };
  await set(keyOf(id), session);
  let dropped: readonly string[] = [];
  await update<readonly ConversationEntry[]>(LIST, (entries = []) => {
    const all = [entry, ...entries.filter((other) => other.id !== id)];
    dropped = all.slice(KEPT).map((old) => old.id);
    return all.slice(0, KEPT);
  });
  if (dropped.length > 0) await delMany(dropped.map(keyOf));
}

/** Takes conversations off the list for good. */
export async function deleteConversations(ids: readonly string[]): Promise<void> {
  await update<readonly ConversationEntry[]>(LIST, (entries = []) =>
    entries.filter(({ id }) => !ids.includes(id)),
  );
  await delMany(ids.map(keyOf));
}

function keyOf(id: string): string {
  return `conversation:${id}`;
}
