// What an endpoint can do for a model, found out by asking it: small requests, each once, and behaviour rather than a server's name.

import { answeredTokens } from "./answers.ts";
import { widestList } from "./list-lengths.ts";
import { completeChat } from "./next-remotely.ts";
import { prefillFields, QUESTION } from "./prefill.ts";
import {
  answers,
  complete,
  isRefusal,
  type Named,
  type RemoteModel,
  type ScoringWay,
} from "./remote-model.ts";

const MOST_LISTED = 1000; // candidates beside a token: a Tokenscope server's most

/** What was found; a length of 0 is none. */
export interface Capabilities {
  readonly completions: boolean; // a text is continued
  readonly completionTop: number; // candidates beside a token of a continued text
  readonly tokenIds: boolean; // a prompt of token ids
  readonly tokenizes: boolean;
  readonly scoring: ScoringWay | null;
  readonly contradictsItself: boolean; // it echoes logprobs of a prompt, and they cannot be right
  readonly chat: boolean;
  readonly chatTop: number; // candidates beside a token of a reply
  readonly prefill: boolean; // a reply that begins with given words
  readonly tools: boolean;
  readonly seed: boolean; // the same seed, the same text
}

/** Asks a model's endpoint for all of it; throws as Endpoint.post does for what is no refusal. */
export async function probe(model: RemoteModel, signal?: AbortSignal): Promise<Capabilities> {
  const { tokenizes, scoringWay, echo, id } = model;
  const asked: Named = { endpoint: model.endpoint.probing, id };
  const does = (body: object) => answers(() => complete(asked, body, signal));
  const chats = (body: object) =>
    answers(() => completeChat(asked, { max_tokens: 1, messages: QUESTION, ...body }, signal));
  const completions = await does({ prompt: "one two", max_tokens: 1 });
  const chat = await chats({});
  return {
    completions,
    completionTop: completions ? await longestList((top) => completionList(asked, top, signal)) : 0,
    tokenIds: completions && (await does({ prompt: [1, 2], max_tokens: 1 })),
    tokenizes: await tokenizes(),
    scoring: completions ? await scoringWay() : null,
    contradictsItself: completions && (await echo()).isContradicted,
    chat,
    chatTop: chat ? await longestList((top) => chatList(asked, top, signal)) : 0,
    prefill: chat && (await prefillFields(asked, signal)) !== null,
    tools: chat && (await chats({ tools: [TOOL] })),
    seed: (completions || chat) && (await keepsSeed(asked, completions, signal)),
  };
}

const TOOL = {
  type: "function",
  function: {
    name: "now",
    description: "The time",
    parameters: { type: "object", properties: {} },
  },
};

/** How many candidates are listed, of as many as the server takes to be asked for; 0 where it takes none. */
async function longestList(list: (top: number) => Promise<number>): Promise<number> {
  try {
    return await widestList(async (top) => Math.min(await list(top), top), MOST_LISTED);
  } catch (error) {
    if (isRefusal(error)) return 0;
    throw error;
  }
}

async function completionList(
  model: Named,
  top: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const body = { prompt: "one two", max_tokens: 1, temperature: 0, logprobs: top };
  const { logprobs } = await complete(model, body, signal);
  return answeredTokens(logprobs)[0]?.top.length ?? 0;
}

async function chatList(
  model: Named,
  top: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const wanted = { messages: QUESTION, max_tokens: 1, logprobs: true, top_logprobs: top };
  const { logprobs } = await completeChat(model, wanted, signal);
  return answeredTokens(logprobs)[0]?.top.length ?? 0;
}

/** Two draws of one seed are one text, and of another seed another. */
async function keepsSeed(
  model: Named,
  completions: boolean,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const write = async (seed: number): Promise<string> => {
    const sampling = { max_tokens: 24, temperature: 1, seed };
    if (completions) return (await complete(model, { prompt: "Once", ...sampling }, signal)).text;
    const choice = await completeChat(model, { messages: QUESTION, ...sampling }, signal);
    return choice.message.content ?? "";
  };
  let isKept = false;
  await answers(async () => {
    const [first, again, other] = [await write(1), await write(1), await write(2)];
    isKept = first === again && first !== other;
  });
  return isKept;
}
