// next --engine openai: the likeliest next tokens, as a server lists them.

import {
  nextRemotely,
  type RemoteInput,
  type RemoteModel,
  type RemoteNextJson,
  remoteNextJson,
} from "@tokenscope/remote";
import type { Prompt } from "../prompt.ts";
import type { World } from "../world.ts";
import { remoteChat } from "./remote-options.ts";

/** Asks the server; throws as nextRemotely does. */
export async function nextOnServer(
  prompt: Prompt,
  { top, token = [] }: { readonly top: number; readonly token?: readonly string[] },
  { model, world }: { readonly model: RemoteModel; readonly world: World },
): Promise<RemoteNextJson> {
  const { signal } = world;
  const wanted = { start: prompt.options.startToken, top, named: token, signal };
  return remoteNextJson(model, await nextRemotely(model, remoteInput(prompt), wanted));
}

/** A prompt as a server takes it. */
export function remoteInput({ text, chat, options }: Prompt): RemoteInput {
  if (chat !== null) return { kind: "chat", chat: remoteChat(chat, true) };
  return text === null ? { kind: "ids", ids: options.ids ?? [] } : { kind: "text", text };
}
