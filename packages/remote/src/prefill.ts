// Whether a chat goes on with a begun reply, found out by trying.

import { completeChat } from "./next-remotely.ts";
import { answers, type Named } from "./remote-model.ts";

/** What a server is asked to see how it answers. */
export const QUESTION = [{ role: "user", content: "Count to ten." }];

/** Without a word, or as vLLM wants to be told. */
const WAYS = [{}, { continue_final_message: true, add_generation_prompt: false }];

/** What such a request needs beside its messages; null where the server begins anew. A reply of which eight numbers are written goes on with the ninth. */
export async function prefillFields(
  model: Named,
  signal: AbortSignal | undefined,
): Promise<object | null> {
  const begun = { role: "assistant", content: "1, 2, 3, 4, 5, 6, 7, 8," };
  const body = { messages: [...QUESTION, begun], max_tokens: 4, temperature: 0 };
  for (const fields of WAYS) {
    let text = "";
    const isTaken = await answers(async () => {
      const choice = await completeChat(model, { ...body, ...fields }, signal);
      text = choice.message.content ?? "";
    });
    if (isTaken && text.trimStart().startsWith("9")) return fields;
  }
  return null;
}
