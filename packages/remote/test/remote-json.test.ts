// Which figures of a text are told where a server names half characters by signs, and markers not at all.

import { afterEach, expect, test } from "vitest";
import {
  type ServingEngine,
  serveVllm,
  type VllmOptions,
} from "../../../fixtures/serving-engines.ts";
import {
  openEndpoint,
  openRemoteModel,
  type RemoteInput,
  type RemoteModel,
  remoteScoreJson,
  scoreRemotely,
} from "../src/index.ts";

const open: ServingEngine[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function vllmModel(options: VllmOptions = {}): Promise<RemoteModel> {
  const server = await serveVllm(options);
  open.push(server);
  return openRemoteModel(openEndpoint({ ...server, retries: 1 }), null);
}

const auto = { start: "auto" } as const;
const text = (words: string): RemoteInput => ({ kind: "text", text: words });
const CHAT_OF_TWO: RemoteInput = {
  kind: "chat",
  chat: { messages: [{ role: "user", content: "Hello you" }], addGenerationPrompt: true },
};

const asJson = async (model: RemoteModel, input: RemoteInput) =>
  remoteScoreJson(model, await scoreRemotely(model, input, auto), {
    context: null,
    byWord: false,
    columns: {},
  });

test("half characters without strings of the tokenizer have the bytes that their signs leave no choice about", async () => {
  const model = await vllmModel();
  const { tokens, summary } = await asJson(model, text("🙂 sat"));
  expect(tokens.map(({ bytesHex }) => bytesHex)).toEqual(["f09f99", "82", "20736174"]);
  expect(summary).toMatchObject({ bytes: 8, scoredBytes: 5, scoredTokens: 2 });
  expect(summary.bitsPerByte).toBeCloseTo(summary.totalBits / 5, 9);
});

test("bits per byte are null where an unscored token shares its bytes with scored ones", async () => {
  const model = await vllmModel({ hidesHalves: true });
  const cut = await asJson(model, text("🙂 sat"));
  expect(cut.summary).toMatchObject({ bytes: 8, scoredTokens: 2, bitsPerByte: null });
  expect(cut.summary).toMatchObject({ scoredBytes: null, scoredCharacters: null });
  const whole = await asJson(model, text("ab cd🙂 sat"));
  expect(whole.summary.bitsPerByte).toBeCloseTo(whole.summary.totalBits / 11, 9);
  expect(whole.summary.scoredBytes).toBe(11);
});

test("bits per byte and counts of bytes are null where markers are not told from text: of a chat, of ids, of a text with what reads as a marker", async () => {
  const model = await vllmModel();
  const { tokens } = await scoreRemotely(model, text("one two"), auto);
  const ids = { kind: "ids", ids: tokens.flatMap(({ id }) => id ?? []) } as const;
  for (const input of [CHAT_OF_TWO, ids, text("one <|im_end|> two")]) {
    const { summary } = await asJson(model, input);
    const untold = { bytes: null, characters: null, scoredBytes: null, scoredCharacters: null };
    expect(summary).toMatchObject({ bitsPerByte: null, ...untold });
    expect(summary.bitsPerToken).not.toBeNull();
  }
  const plain = await asJson(model, text("one <b> two"));
  expect(plain.summary.bitsPerByte).toBeCloseTo(plain.summary.totalBits / 8, 9);
});
