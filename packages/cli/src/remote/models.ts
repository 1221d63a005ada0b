// models --engine openai: what a server lists, and what it can tell of a model.

import { formatCount } from "@tokenscope/core";
import {
  type Capabilities,
  type Endpoint,
  listModels,
  openRemoteModel,
  probe,
} from "@tokenscope/remote";
import { tableLines } from "../table.ts";
import { type World, widestLine, writeLine } from "../world.ts";

interface JsonOption {
  readonly json?: boolean;
}

/** Prints the ids that the server lists. */
export async function listServerModels(
  endpoint: Endpoint,
  { json }: JsonOption,
  world: World,
): Promise<void> {
  const ids = await listModels(endpoint, world.signal);
  const lines = json ? [JSON.stringify(ids.map((id) => ({ id })))] : ids;
  for (const line of lines) await writeLine(world.stdout, line);
}

/** Asks a server what it can do for a model and prints that, with what to use where it cannot. */
export async function describeServerModel(
  { endpoint, name }: { readonly endpoint: Endpoint; readonly name: string },
  { json }: JsonOption,
  world: World,
): Promise<void> {
  const model = await openRemoteModel(endpoint, name, world.signal);
  const { id } = model;
  const found = await probe(model, world.signal);
  const contextLength =
    model.contextLength ?? (await openRemoteModel(endpoint, name, world.signal)).contextLength; // some servers know it once the model was asked
  if (json) {
    const told = { id, baseUrl: endpoint.baseUrl, contextLength, ...found };
    await writeLine(world.stdout, JSON.stringify(told));
    return;
  }
  await writeLine(world.stdout, `${id} at ${endpoint.baseUrl}`);
  const length = contextLength === null ? "not told" : `${formatCount(contextLength)} tokens`;
  const columns = [{ heading: "" }, { heading: "" }, { heading: "" }];
  const rows = [["context", length, ""], ...capabilityRows(found)];
  const table = tableLines(columns, rows, widestLine(world.stdout)).slice(1); // no headings
  for (const line of table) await writeLine(world.stdout, line);
}

const ELSEWHERE = "use vLLM, a Tokenscope server, or --engine local";

/** What is there, how far, and what a command cannot get without it. */
function capabilityRows(found: Capabilities): readonly (readonly string[])[] {
  const { completions, chat, scoring } = found;
  const yes = (isThere: boolean): string => (isThere ? "yes" : "no");
  const list = (top: number): string => (top > 0 ? `yes, ${formatCount(top)} a token` : "no");
  const unless = (isThere: boolean, words: string): string => (isThere ? "" : words);
  return [
    ["continues a text", yes(completions), unless(completions, "next and generate need --chat")],
    ["logprobs of it", list(found.completionTop), ""],
    ["token ids as a prompt", yes(found.tokenIds), unless(found.tokenIds, "--ids is refused")],
    ["tokenizes", yes(found.tokenizes), unless(found.tokenizes, "ids of tokens are not told")],
    [
      "logprobs of a prompt",
      scoring === null ? "no" : `yes, by ${scoring === "echo" ? "echo" : "prompt_logprobs"}`,
      unless(
        scoring !== null,
        found.contradictsItself
          ? `its echo contradicts its own next-token lists, so score cannot run: ${ELSEWHERE}`
          : `score cannot run: ${ELSEWHERE}`,
      ),
    ],
    ["chat", yes(chat), unless(chat, "--chat is refused")],
    ["logprobs of a reply", list(found.chatTop), ""],
    ["goes on with a begun reply", yes(found.prefill), ""],
    ["takes tools", yes(found.tools), ""],
    ["same seed, same text", yes(found.seed), ""],
  ];
}
