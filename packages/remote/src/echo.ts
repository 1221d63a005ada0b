// A prompt's part of an echo: OpenAI's completions repeat the prompt with its logprobs, and write at least one token behind it on servers that read max_tokens 0 as "no end".

import type { parseCompletionAnswer } from "./answers.ts";

export type Completion = ReturnType<typeof parseCompletionAnswer>["choices"][number] & {
  readonly promptTokens: number | null; // as the server counts them; null where it does not
};
type Logprobs = NonNullable<Completion["logprobs"]>;

/** The columns of the prompt's tokens, each of one length. */
export type EchoedColumns = Extract<Logprobs, { readonly tokens: readonly string[] }>;

/** A request that scores a prompt by echo, and writes `written` tokens. */
export function echoBody(prompt: string, top: number, written: 0 | 1): object {
  return { prompt, max_tokens: written, temperature: 0, echo: true, logprobs: echoTop(top) };
}

/** Candidates that an echo is asked for: without any, no logprobs come. */
export function echoTop(top: number): number {
  return Math.max(1, top);
}

/** The prompt's columns of an echo with at most `written` tokens behind it, or a sentence's end that says what the server did instead: else a number would stand beside another's token. */
export function echoedColumns(
  { text, logprobs, promptTokens }: Completion,
  { prompt, written }: { readonly prompt: string; readonly written: 0 | 1 },
): EchoedColumns | string {
  if (!startsAs(text, prompt)) return "echoed another text than it was given";
  if (!logprobs || !("tokens" in logprobs)) return "gave no logprobs with its echo";
  const { tokens, ...columns } = logprobs;
  for (const [name, column] of Object.entries(columns)) {
    if (!column || column.length === tokens.length) continue;
    return `gave ${column.length} ${name} for ${tokens.length} tokens`;
  }
  const counts = written === 1 ? [tokens.length - 1, tokens.length] : [tokens.length];
  const ofText = counts.find((count) => isEcho(tokens.slice(0, count).join(""), prompt));
  const count = ofText ?? (tokens.some(isSign) ? signedCount(counts, promptTokens) : undefined);
  if (count === undefined) return "gave other tokens than those of the text it was given";
  if (written === 0 && !isEcho(text, prompt)) return "echoed another text than it was given";
  return firstColumns(logprobs, count);
}

/** Where names do not show half characters their text says nothing of how many tokens there are: the server's own count does. Without one there is nothing to tell a token of the text from one that was written. */
function signedCount(counts: readonly number[], promptTokens: number | null): number | undefined {
  return counts.length === 1 ? counts[0] : counts.find((count) => count === promptTokens);
}

/** A name for half a character: a sign, its bytes, or nothing at all. */
function isSign(name: string): boolean {
  return name === "" || name.includes("\u{fffd}") || name.startsWith("bytes:");
}

function firstColumns(columns: EchoedColumns, count: number): EchoedColumns {
  const { tokens, token_logprobs, top_logprobs, text_offset } = columns;
  return {
    tokens: tokens.slice(0, count),
    token_logprobs: token_logprobs.slice(0, count),
    top_logprobs: top_logprobs?.slice(0, count),
    text_offset: text_offset?.slice(0, count),
  };
}

/** Some tokenizers put a space before a text. */
function isEcho(text: string, prompt: string): boolean {
  return text.trimStart() === prompt.trimStart();
}

function startsAs(text: string, prompt: string): boolean {
  return text.trimStart().startsWith(prompt.trimStart());
}
