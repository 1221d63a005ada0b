// A conversation's message as OpenAI's API has it.

import type { ChatMessage } from "@tokenscope/core";

/** A message as OpenAI's API has it. */
export function wireMessage({ role, content, toolCalls, toolCallId }: ChatMessage) {
  return {
    role,
    content,
    ...(toolCalls && {
      tool_calls: toolCalls.map(({ id, name, arguments: given }) => {
        return { id, type: "function", function: { name, arguments: JSON.stringify(given) } };
      }),
    }),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
  };
}
