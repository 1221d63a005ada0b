// The page's numbers as commands for the terminal: the same ids, model, precision, settings and seed.

import type { ModelIdentity, SamplingSettings, TokenNode } from "@tokenscope/core";
import { type DocumentPath, replyTurn } from "./path.ts";

/** A command, and what it does in one sentence. */
export interface CliCommand {
  readonly name: string;
  readonly command: string;
  readonly does: string;
}

export interface CommandInputs {
  readonly path: DocumentPath;
  readonly model: ModelIdentity;
  readonly settings: SamplingSettings;
  readonly seed: number;
  readonly redraws: ReadonlyMap<number, number>;
}

/** The commands for a branch: its score, and its reply written again where it has one. */
export function cliCommands(inputs: CommandInputs): readonly CliCommand[] {
  if (inputs.path.nodes.length === 0) return [];
  const again = generateCommand(inputs);
  return [scoreCommand(inputs), ...(again === null ? [] : [again])];
}

function scoreCommand({ path, model }: CommandInputs): CliCommand {
  return {
    name: "Scores of this branch",
    command: `npx tokenscope score --ids ${idsOf(path.nodes)} --start-token none ${modelOptions(model)}`,
    does: "Scores this branch's tokens, the first one unscored as here.",
  };
}

function generateCommand(inputs: CommandInputs): CliCommand | null {
  const { path, model, settings, seed, redraws } = inputs;
  const reply = replyTurn(path);
  if (reply === undefined || reply.contentStart === 0) return null;
  const { temperature, topK, topP, minP } = settings;
  const written = path.nodes.slice(reply.contentStart, reply.end).filter(isWritten);
  const command = [
    `npx tokenscope generate --ids ${idsOf(path.nodes.slice(0, reply.contentStart))}`,
    `--max-tokens ${Math.max(1, written.length)}`,
    `--temperature ${temperature} --top-k ${topK} --top-p ${topP} --min-p ${minP} --seed ${seed}`,
    `--start-token none ${modelOptions(model)}`,
  ].join(" ");
  return { name: "The reply", command, does: sameness(written, { reply, redraws, settings }) };
}

/** Everything that End turn did not write. */
function isWritten({ part, origin }: TokenNode): boolean {
  return part === "content" || origin !== "template";
}

/** Whether the reply will come out the same, and if not, why. */
function sameness(
  written: readonly TokenNode[],
  {
    reply,
    redraws,
    settings,
  }: {
    readonly reply: { readonly contentStart: number; readonly end: number };
    readonly redraws: ReadonlyMap<number, number>;
    readonly settings: SamplingSettings;
  },
): string {
  const wanted = settings.temperature === 0 ? "greedy" : "sampled";
  const own = written.filter(({ origin }) => origin !== wanted).length;
  const isRedrawn = [...redraws.keys()].some((at) => at >= reply.contentStart && at < reply.end);
  if (own > 0) {
    return `Writes a reply to the same prompt under these settings; ${own === written.length ? "the" : `${own} of the`} ${written.length} tokens here came another way, so it may differ.`;
  }
  if (isRedrawn) {
    return "Writes a reply to the same prompt under these settings; a token here was drawn again, so it may differ.";
  }
  return "Writes this reply again: same prompt, settings and seed.";
}

function idsOf(nodes: readonly TokenNode[]): string {
  return nodes.map(({ id }) => id).join(",");
}

function modelOptions({ id, precision }: ModelIdentity): string {
  return `--model ${shellWord(id)} --precision ${precision}`;
}

/** A word as a shell takes it. Example: "my model" -> "'my model'". */
function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
