// A running server over the toy engine: what tests of the API ask.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Batch,
  type ChatMessage,
  type ChatTemplate,
  type Engine,
  type ModelIdentity,
  type RenderOptions,
  type TokenId,
  UsageError,
} from "@tokenscope/core";
import { openToyEngine, TOY_SPECIAL, toyTokenizer } from "@tokenscope/core/contracts";
import {
  type OpenedModel,
  type RunningServer,
  type ServerOptions,
  startServer,
} from "../../src/index.ts";

const pageDir = mkdtempSync(join(tmpdir(), "tokenscope-api-"));
writeFileSync(join(pageDir, "index.html"), "<title>page</title>");

/** What the toy is said to be. */
export const IDENTITY: ModelIdentity = {
  id: "toy",
  sha256: "0123456789abcdef",
  architecture: "toy",
  quantization: "none",
  precision: "exact",
  backend: "node-cpu",
};

export interface ToyServer {
  readonly url: string;
  readonly engine: Engine;
  /** Ids that went through the layers, pass by pass. */
  readonly passes: readonly number[];
  /** Every pass waits for it. */
  gate: () => Promise<void>;
  /** Opening "toy" waits for it. */
  openGate: () => Promise<void>;
  close(): Promise<void>;
}

/** Starts a server with the models "toy" (with a chat template that writes tools) and "plain" (without one), and "broken", which cannot be opened. */
export async function startToyServer(options: Partial<ServerOptions> = {}): Promise<ToyServer> {
  const passes: number[] = [];
  const engine = openToyEngine();
  const openBatch: Engine["openBatch"] = (beginning, count) => {
    const batch = engine.openBatch(beginning, count);
    return Object.create(batch, { append: { value: counted(batch) } });
  };
  const counted =
    (batch: Batch): Batch["append"] =>
    async (parts) => {
      passes.push(parts.reduce((sum, { length }) => sum + length, 0));
      await made.gate();
      return batch.append(parts);
    };
  const toy: OpenedModel = {
    identity: IDENTITY,
    engine: { ...engine, openBatch },
    tokenizer: toyTokenizer,
    chatTemplate: toyTemplate,
    weightBytes: { exact: 4, compact: 1 },
  };
  const contextLength = async (): Promise<number> => engine.contextLength;
  const gone = () => Promise.reject(new UsageError("the file is gone"));
  const server: RunningServer = await startServer({
    port: 0,
    host: "127.0.0.1",
    pageDir,
    models: [],
    apiModels: [
      { id: "toy", contextLength, open: () => made.openGate().then(() => toy) },
      {
        id: "plain",
        contextLength,
        open: async () => ({ ...toy, engine: openToyEngine(), chatTemplate: null }),
      },
      { id: "broken", contextLength: gone, open: gone },
    ],
    ...options,
  });
  const made: ToyServer = {
    url: server.url,
    engine,
    passes,
    gate: async () => {},
    openGate: async () => {},
    close: server.close,
  };
  return made;
}

/** Posts JSON, or a body as it is. */
export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** The ids of a message as the toy's template writes them: <|im_start|>role\ncontent<|im_end|>. */
function turnIds({ role, content, toolCalls }: ChatMessage): readonly TokenId[] {
  const calls = toolCalls === undefined ? "" : JSON.stringify(toolCalls);
  const text = toyTokenizer.encode(`${role}\n${content}${calls}`);
  return [TOY_SPECIAL.startOfTurn, ...text, TOY_SPECIAL.endOfTurn];
}

const toyTemplate: ChatTemplate = {
  takesTools: true,
  namedRoles: ["narrator"],
  render(messages, { addGenerationPrompt, tools }: RenderOptions) {
    const refused = messages.find(({ role }) => role === "narrator");
    if (refused) throw new UsageError("the template knows no narrator; give another role");
    const listed = tools ? turnIds({ role: "tools", content: JSON.stringify(tools) }) : [];
    const opened = addGenerationPrompt
      ? [TOY_SPECIAL.startOfTurn, ...toyTokenizer.encode("assistant\n")]
      : [];
    const ids = [...listed, ...messages.flatMap(turnIds), ...opened];
    const place = { turn: 0, role: "", part: "content", message: null } as const;
    return { tokens: ids.map((id) => ({ id, ...place })), unknownMessages: [] };
  },
  refusal: () => null,
};
