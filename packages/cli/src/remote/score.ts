// score --engine openai: bits of every token of texts that a server scores, several at once.

import {
  type RemoteInput,
  type RemoteModel,
  type RemoteScoreJson,
  remoteScoreJson,
  scoreRemotely,
} from "@tokenscope/remote";
import { pMapIterable } from "p-map";
import type { ChatFile } from "../chat-file.ts";
import { contextOf, type PlacedText, placed, type ScoreInput } from "../score-input.ts";
import { noteStraddling, type PrintedScore } from "../score-output.ts";
import type { TextRow } from "../text-rows.ts";
import { note, type World } from "../world.ts";
import { remoteChat } from "./remote-options.ts";

export interface RemoteScoring extends ScoreInput {
  readonly byWord: boolean;
  readonly top: number;
}

interface Run {
  readonly model: RemoteModel;
  readonly world: World;
}

/** Scores what was given and prints each in the order it was given, up to `concurrency` at once. */
export async function scoreOnServer(
  { texts, chat }: { readonly texts: readonly PlacedText[]; readonly chat: ChatFile | null },
  options: RemoteScoring & { readonly concurrency: number },
  { model, world }: Run,
  print: (score: PrintedScore) => Promise<void>,
): Promise<void> {
  const { ids } = options;
  if (ids !== undefined) {
    const json = await scoreInput({ kind: "ids", ids }, options, { model, world });
    await noteBytes(json, { model, world });
    await print(json);
  } else if (chat !== null) {
    const input = { kind: "chat", chat: remoteChat(chat, false) } as const;
    const json = await scoreInput(input, options, { model, world });
    await noteBytes(json, { model, world });
    await print(json);
  }
  const score = (row: PlacedText) =>
    placed(row.place, async () => {
      const json = await scoreRow(row, options, { model, world });
      return { json, place: row.place };
    });
  const { concurrency } = options;
  for await (const { json, place } of pMapIterable(texts, score, { concurrency })) {
    await noteStraddling(json, place, world);
    await noteBytes(json, { model, world });
    await print(json);
  }
}

/** Says why bits per byte are missing where bits are not. */
async function noteBytes({ summary }: RemoteScoreJson, { model, world }: Run): Promise<void> {
  if (summary.scoredBytes !== null || summary.scoredTokens === 0) return; // none scored, or markers alone
  await note(
    world,
    `bits per byte are n/a: ${model.endpoint.baseUrl} does not tell which bytes, or which markers, the scored tokens are`,
  );
}

/** Scores a text with its context as one string. */
export function scoreRow(
  { text, context, columns }: TextRow,
  options: RemoteScoring,
  run: Run,
): Promise<RemoteScoreJson> {
  const before = contextOf({ context }, options);
  const input = { kind: "text", text: (before ?? "") + text } as const;
  return scoreInput(input, { ...options, before, columns }, run);
}

async function scoreInput(
  input: RemoteInput,
  options: RemoteScoring & {
    readonly before?: string | null;
    readonly columns?: Readonly<Record<string, unknown>>;
  },
  { model, world }: Run,
): Promise<RemoteScoreJson> {
  const { top, byWord, before = null, columns = {} } = options;
  const { signal } = world;
  const wanted = { start: options.startToken, top, signal };
  const scored = await scoreRemotely(model, input, wanted);
  return remoteScoreJson(model, scored, { context: before, byWord, columns });
}
