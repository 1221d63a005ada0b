// score on this machine's engine: token ids of each task, scored one after the other.

import { scoreIds, tokenId, UsageError } from "@tokenscope/core";
import type { ChatFile } from "./chat-file.ts";
import type { OpenModel } from "./open-model.ts";
import {
  type PlacedText,
  placed,
  type ScoreInput,
  type ScoreTask,
  scoreTasks,
  textTask,
} from "./score-input.ts";
import { type Scored, type ScoreLineJson, scoreLineJson } from "./score-json.ts";
import { noteStraddling, type PrintedScore } from "./score-output.ts";
import { glyphs } from "./table.ts";
import type { TextRow } from "./text-rows.ts";
import type { World } from "./world.ts";

export interface LocalScoring extends ScoreInput {
  readonly byWord: boolean;
  readonly top: number;
  readonly stride?: number;
}

interface Run {
  readonly model: OpenModel;
  readonly world: World;
}

/** Scores what was given and prints each text as soon as it is scored. */
export async function scoreHere(
  given: { readonly texts: readonly PlacedText[]; readonly chat: ChatFile | null },
  options: LocalScoring,
  run: Run,
  print: (score: PrintedScore) => Promise<void>,
): Promise<void> {
  const { stride } = options;
  for await (const task of scoreTasks(given, options, run.model)) {
    const scored = await placed(task.place, () => scoreTask(task, stride, run));
    const json = scoreLineJson({ task, ...scored }, { ...options, model: run.model });
    await noteStraddling(json, task.place, run.world);
    await print(json);
  }
}

/** Scores one text of many; what straddles is in its JSON alone. */
export async function scoreRowHere(
  row: TextRow,
  options: LocalScoring,
  run: Run,
): Promise<ScoreLineJson> {
  const task = textTask({ ...row, place: null }, options, run.model);
  const scored = await scoreTask(task, options.stride, run);
  return scoreLineJson({ task, ...scored }, { ...options, model: run.model });
}

/** A candidate of this model as one visible string. */
export function candidateGlyphs(
  { id }: { readonly id: number | null },
  { tokenizer }: OpenModel,
): string {
  return id === null ? "" : glyphs(tokenizer.vocabulary.bytes(tokenId(id)));
}

async function scoreTask(
  task: ScoreTask,
  stride: number | undefined,
  { model, world }: Run,
): Promise<Pick<Scored, "text" | "joinedRows">> {
  const { ids, startTokenId, context } = task;
  world.signal.throwIfAborted();
  if (ids.length === 0) return { text: { startTokenId, rows: [] }, joinedRows: [] };
  if (stride === undefined) checkLength(task, model);
  const options = { startTokenId, signal: world.signal, ...(stride !== undefined && { stride }) };
  const scored = await scoreIds(model.engine, ids, options);
  const rows = context === null ? scored.rows : scored.rows.slice(context.split.firstIndex);
  return { text: { ...scored, rows }, joinedRows: scored.rows };
}

function checkLength({ ids, startTokenId }: ScoreTask, { engine }: OpenModel): void {
  const room = engine.contextLength - (startTokenId === null ? 0 : 1);
  if (ids.length <= room) return;
  throw new UsageError(
    `the text has ${ids.length} tokens and the model's context holds ${room}; shorten it, or read it in windows, such as with --stride ${Math.ceil(room / 2)}`,
  );
}
