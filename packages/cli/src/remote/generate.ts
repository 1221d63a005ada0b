// generate --engine openai: a continuation that a server writes, shown as it comes.

import { formatBits, formatPercent, type SamplingSettings, surprisalBits } from "@tokenscope/core";
import {
  type GeneratedPiece,
  generateRemotely,
  type RemoteGenerateJson,
  type RemoteModel,
  remoteGenerateJson,
  remoteSteps,
} from "@tokenscope/remote";
import type { Prompt } from "../prompt.ts";
import { note, type World, writeLine } from "../world.ts";
import { remoteInput } from "./next.ts";
import { remoteCandidateGlyphs } from "./remote-options.ts";

export interface RemoteRun {
  readonly prompt: Prompt;
  readonly settings: SamplingSettings;
  readonly seed: number;
  readonly maxTokens: number;
  readonly top: number; // candidates of a step
  readonly isTraced: boolean;
  readonly isJson: boolean;
}

const SHOWN = 5; // candidates that fit a line; --json has more
const COLUMNS = "token            probability   bits  most likely";

/** Writes the continuation to stdout: as text, as a trace, or as JSON at its end. What was written before a failure or Ctrl-C stays. */
export async function generateOnServer(
  run: RemoteRun,
  { model, world }: { readonly model: RemoteModel; readonly world: World },
): Promise<void> {
  const { prompt, isTraced, isJson, top, ...wanted } = run;
  const { signal, stdout } = world;
  const start = prompt.options.startToken;
  const options = { ...wanted, start, signal, top: isTraced ? top : 0 };
  const { promptIds, pieces: coming } = await generateRemotely(model, remoteInput(prompt), options);
  const pieces: GeneratedPiece[] = [];
  const written = (ending: RemoteGenerateJson["finishReason"]) =>
    remoteGenerateJson(model, { promptIds, pieces, ending }, run);
  if (isTraced && !isJson) await writeLine(stdout, COLUMNS);
  let ending: RemoteGenerateJson["finishReason"] = "aborted";
  try {
    for (;;) {
      const next = await coming.next();
      if (next.done) {
        ending = next.value;
        break;
      }
      pieces.push(next.value);
      if (!isJson) await show(next.value, isTraced, world);
    }
  } catch (error) {
    if (!signal.aborted) {
      if (!isJson && !isTraced && pieces.length > 0) await writeLine(stdout, "");
      throw error;
    }
  }
  if (isJson) await writeLine(stdout, JSON.stringify(written(ending)));
  else if (!isTraced) await writeLine(stdout, "");
  if (isTraced && pieces.every(({ tokens }) => tokens.length === 0)) {
    await note(world, `${model.endpoint.baseUrl} gives no logprobs of what it writes`);
  }
}

async function show(piece: GeneratedPiece, isTraced: boolean, world: World): Promise<void> {
  if (!isTraced) return world.stdout.write(piece.text);
  for (const step of remoteSteps([piece], null)) {
    const { logprobNats, top } = step;
    const shown = top.slice(0, SHOWN);
    const listed = shown.reduce((sum, each) => sum + Math.exp(each.logprobNats), 0);
    const line = [
      remoteCandidateGlyphs(step).padEnd(15),
      (logprobNats === null ? "n/a" : formatPercent(Math.exp(logprobNats))).padStart(11),
      formatBits(logprobNats === null ? null : surprisalBits(logprobNats)).padStart(5),
      ...shown.map((each) => {
        return `${remoteCandidateGlyphs(each)} ${formatPercent(Math.exp(each.logprobNats))}`;
      }),
      `rest ${formatPercent(Math.max(0, 1 - listed))}`,
    ].join("  ");
    await writeLine(world.stdout, line);
  }
}
