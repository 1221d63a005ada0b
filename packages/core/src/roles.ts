// Which roles the messages of a conversation may have. Knows no template's source.

import type { ChatMessage, ChatTemplate } from "./tokenizer.ts";

/** Those that OpenAI's API and templates share; a template may refuse one of them in its own words. */
const ROLES = ["system", "user", "assistant", "tool"];

/** A role by the name that templates know: OpenAI's newer models say developer and mean system. */
export function templateRole(role: string): string {
  return role === "developer" ? "system" : role;
}

/** The first message whose role neither OpenAI's API nor the template names, in a sentence; null where there is none. Many templates write any word as a role, and the model never met it. */
export function unknownRole(
  { namedRoles }: Pick<ChatTemplate, "namedRoles">,
  messages: readonly ChatMessage[],
  modelId: string,
): { readonly sentence: string; readonly index: number } | null {
  const known = [...new Set([...ROLES, ...namedRoles])];
  const index = messages.findIndex(({ role }) => !known.includes(role));
  const role = messages[index]?.role;
  if (role === undefined) return null;
  const sentence = `messages[${index}].role is ${JSON.stringify(role)}, which the chat template of "${modelId}" does not name; give one of ${known.join(", ")}`;
  return { sentence, index };
}
