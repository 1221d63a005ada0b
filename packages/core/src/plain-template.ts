// What stands in for a chat template where a base model has none: text without markers, in one role.

import { UsageError } from "./errors.ts";
import type { ChatMessage, ChatTemplate, RenderedToken, Tokenizer } from "./tokenizer.ts";

/** The role of text that no template marks as anybody's. */
export const TEXT_ROLE = "text";

/** Writes each message's own tokens, after the tokenizer's start token where it has one; refuses any role but "text". */
export function plainTemplate(tokenizer: Tokenizer): ChatTemplate {
  const refusal = (messages: readonly ChatMessage[]): string | null =>
    messages.every(({ role }) => role === TEXT_ROLE)
      ? null
      : "This is a base model without a chat template: it continues text and knows no roles.";
  return {
    takesTools: false,
    namedRoles: [TEXT_ROLE],
    refusal,
    render(messages) {
      const reason = refusal(messages);
      if (reason !== null) throw new UsageError(reason);
      const written = messages.flatMap(({ content }, message) =>
        tokenizer.encode(content).map((id): RenderedToken => {
          return { id, turn: message, role: TEXT_ROLE, part: "content", message };
        }),
      );
      return { tokens: [...startTokens(tokenizer), ...written], unknownMessages: [] };
    },
  };
}

function startTokens({ startTokenId: id }: Tokenizer): readonly RenderedToken[] {
  if (id === null) return [];
  return [{ id, turn: 0, role: TEXT_ROLE, part: "open", message: null }];
}
