// A continuation written by a server, piece by piece.

import { EngineError, RAW, type SamplingSettings } from "@tokenscope/core";
import { type AnsweredToken, answeredTokens, parseChunk } from "./answers.ts";
import { checkChat, checkStart, insistsOnNewName, withNewName } from "./next-remotely.ts";
import type { RemoteModel } from "./remote-model.ts";
import { type RemoteInput, type RemoteOptions, remotePrompt } from "./score-remotely.ts";
import { toolCallWriter } from "./tool-calls.ts";

export interface RemoteGenerateOptions extends RemoteOptions {
  readonly settings: SamplingSettings;
  readonly seed: number;
  readonly maxTokens: number;
  readonly top: number; // candidates of each step; 0: no logprobs are asked for
}

/** What a server wrote at once: a text, and the tokens that it is where logprobs were asked for. */
export interface GeneratedPiece {
  readonly text: string;
  readonly tokens: readonly AnsweredToken[];
}

/** How it ended: by itself, by the length, or in the server's own word. */
export type RemoteEnding = "end-token" | "length" | (string & {});

/** The prompt's ids, where the server takes them, and the pieces as they come; the ending is known after the last. A stream that ends without one throws EngineError behind its pieces. */
export interface RemoteGeneration {
  readonly promptIds: readonly number[] | null;
  readonly pieces: AsyncGenerator<GeneratedPiece, RemoteEnding, void>;
}

/** Begins a continuation; throws UsageError where the server does not take such a prompt, and as Endpoint.stream does. */
export async function generateRemotely(
  model: RemoteModel,
  input: RemoteInput,
  options: RemoteGenerateOptions,
): Promise<RemoteGeneration> {
  if (input.kind === "chat") {
    checkChat(model, input.chat, options);
    return { promptIds: null, pieces: chatPieces(model, input, options) };
  }
  const promptIds = (await model.tokenizes()) ? await startedIds(model, input, options) : null;
  const prompt = promptIds ?? (input.kind === "text" ? input.text : input.ids);
  if (promptIds === null) checkStart(model, options, "has no /tokenize");
  const { top } = options;
  const body = { prompt, ...samplingBody(options), ...(top > 0 && { logprobs: top }) };
  return { promptIds, pieces: piecesOf(model, "/completions", body, options.signal) };
}

async function startedIds(
  model: RemoteModel,
  input: RemoteInput,
  options: RemoteOptions,
): Promise<readonly number[]> {
  const { ids, startTokenId } = await remotePrompt(model, input, options);
  return startTokenId === null ? ids : [startTokenId, ...ids];
}

/** Fields that only some servers know are sent where they change something. */
function samplingBody({ settings, seed, maxTokens }: RemoteGenerateOptions) {
  const { temperature, topK, topP, minP } = settings;
  return {
    max_tokens: maxTokens,
    temperature,
    ...(temperature > 0 && { seed }),
    ...(topP !== RAW.topP && { top_p: topP }),
    ...(topK !== RAW.topK && { top_k: topK }),
    ...(minP !== RAW.minP && { min_p: minP }),
  };
}

async function* chatPieces(
  model: RemoteModel,
  { chat }: Extract<RemoteInput, { kind: "chat" }>,
  options: RemoteGenerateOptions,
): AsyncGenerator<GeneratedPiece, RemoteEnding, void> {
  const { top, signal } = options;
  const { messages, tools } = chat;
  const logprobs = top > 0 ? { logprobs: true, top_logprobs: top } : {};
  const body = { messages, ...(tools && { tools }), ...samplingBody(options), ...logprobs };
  try {
    return yield* piecesOf(model, "/chat/completions", body, signal);
  } catch (error) {
    if (!insistsOnNewName(error)) throw error;
  }
  return yield* piecesOf(model, "/chat/completions", withNewName(body), signal);
}

async function* piecesOf(
  { endpoint, id }: RemoteModel,
  path: string,
  body: object,
  signal: AbortSignal | undefined,
): AsyncGenerator<GeneratedPiece, RemoteEnding, void> {
  const calls = toolCallWriter();
  let ending: RemoteEnding | null = null;
  for await (const event of endpoint.stream(path, { model: id, ...body }, signal)) {
    const [choice] = parseChunk(event, { endpoint, path }).choices;
    if (choice === undefined) continue; // usage
    const { text, delta, logprobs, finish_reason: reason } = choice;
    if (reason) ending = reason === "stop" ? "end-token" : reason;
    const said = calls.write({
      words: text ?? delta?.content ?? "",
      parts: delta?.tool_calls ?? [],
    });
    const piece = { text: said, tokens: answeredTokens(logprobs) };
    if (piece.text !== "" || piece.tokens.length > 0) yield piece;
  }
  if (ending === null) {
    throw new EngineError(
      `${endpoint.baseUrl}${path} broke off: the stream ended without a finish_reason, so more may have been meant to come; try again`,
    );
  }
  const last = calls.end();
  if (last !== "") yield { text: last, tokens: [] };
  return ending;
}
