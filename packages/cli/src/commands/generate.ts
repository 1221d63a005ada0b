// tokenscope generate: a continuation, token by token.

import {
  countOf,
  type Ending,
  type GeneratedStep,
  type GenerateJson,
  generateAll,
  generateJson,
  parseSeed,
  parseSettings,
  type SamplingSettings,
  type TokenId,
  textStream,
  UsageError,
} from "@tokenscope/core";
import type { Command } from "commander";
import { addChatOption, addTextOptions, withModel } from "../model-options.ts";
import type { OpenModel } from "../open-model.ts";
import { parseIds, parseNumber, parseWhole } from "../option-values.ts";
import { type Prompt, type PromptOptions, promptIds, readPrompt } from "../prompt.ts";
import { generateOnServer, type RemoteRun } from "../remote/generate.ts";
import { addEngineChoice, chosenRemoteModel } from "../remote/remote-options.ts";
import { traceHeading, traceLine } from "../trace.ts";
import { type World, writeLine } from "../world.ts";
import { DEFAULT_TOP } from "./next.ts";

const DEFAULT_MAX_TOKENS = 128;
const DEFAULT_SEED = 1; // the page's too: the same prompt and settings give the same text there

interface GenerateCommandOptions extends PromptOptions {
  readonly maxTokens: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly seed: number;
  readonly trace?: boolean;
  readonly json?: boolean;
}

/** Adds the command `generate`. */
export function addGenerate(program: Command, world: World): void {
  const command = program
    .command("generate [text]")
    .description("a continuation, token by token; - reads standard input")
    .option("--ids <ids>", "these token ids instead of a text, such as 504,2988", parseIds)
    .option(
      "--max-tokens <number>",
      "how many tokens at most",
      parseWhole("--max-tokens", 1),
      DEFAULT_MAX_TOKENS,
    )
    .option("--temperature <number>", "0: greedy (default)", parseNumber("--temperature"))
    .option("--top-k <number>", "only the k most likely; 0: off", parseNumber("--top-k"))
    .option("--top-p <number>", "only the likeliest with this mass; 1: off", parseNumber("--top-p"))
    .option("--min-p <number>", "only above this share of the best; 0: off", parseNumber("--min-p"))
    .option("--seed <number>", "which draws; the same seed, the same text", seedOf, DEFAULT_SEED)
    .option("--trace", "print each step: its draw, its token and the most likely, all raw")
    .option("--json", "print JSON");
  addChatOption(command, "a conversation in the model's chat template");
  addEngineChoice(addTextOptions(command)).action(
    async (argument: string | undefined, options: GenerateCommandOptions, typed: Command) => {
      const settings = settingsOf(options);
      const prompt = await readPrompt(argument, options, world);
      const remote = await chosenRemoteModel(typed, world);
      if (remote !== null) {
        await generateOnServer(remoteRun(prompt, settings, options), { model: remote, world });
        world.signal.throwIfAborted();
        return;
      }
      await withModel(
        options,
        world,
        (model) => {
          const ids = promptIds(prompt, model);
          return runGenerate({ ids, settings, options, model, world });
        },
        (model) => void promptIds(prompt, model),
      );
      world.signal.throwIfAborted(); // what there was is printed; the exit code says that it is not all
    },
  );
}

function remoteRun(
  prompt: Prompt,
  settings: SamplingSettings,
  { seed, maxTokens, trace = false, json = false }: GenerateCommandOptions,
): RemoteRun {
  return { prompt, settings, seed, maxTokens, top: DEFAULT_TOP, isTraced: trace, isJson: json };
}

interface Run {
  readonly ids: readonly TokenId[];
  readonly settings: SamplingSettings;
  readonly options: GenerateCommandOptions;
  readonly model: OpenModel;
  readonly world: World;
}

async function runGenerate(run: Run): Promise<void> {
  const { options, model, world } = run;
  const steps: GeneratedStep[] = [];
  const { show, end } = printer(run);
  let ending: Ending;
  try {
    ending = await continueFrom(run, (step) => {
      steps.push(step);
      show(step);
    });
  } catch (error) {
    if (steps.length > 0) await end(); // an error stands on a line of its own
    throw error;
  }
  if (options.json) {
    const json = jsonOf(run, steps, ending);
    await writeLine(world.stdout, JSON.stringify(json));
    return;
  }
  await end();
  if (world.stderr.isTerminal) {
    await writeLine(
      world.stderr,
      `${endingText(ending)} after ${countOf(steps.length, "token")}; seed ${options.seed}, temperature ${run.settings.temperature}; ${model.identity.id}, ${model.identity.precision}`,
    );
  }
}

async function continueFrom(
  { ids, settings, options, model, world }: Run,
  onStep: (step: GeneratedStep) => void,
): Promise<Ending> {
  const { engine, tokenizer } = model;
  const { signal } = world;
  checkRoom(ids, engine.contextLength);
  const sequence = engine.openSequence();
  try {
    for await (const _chunk of sequence.append(ids, { signal })) {
      // the sequence keeps what it yields
    }
    const { ending } = await generateAll(
      {
        engine,
        sequence,
        endTokenIds: tokenizer.endTokenIds,
        settings,
        seed: options.seed,
        maxTokens: options.maxTokens,
        signal,
      },
      onStep,
    );
    return ending;
  } finally {
    sequence.close();
  }
}

interface Printer {
  show(step: GeneratedStep): void;
  end(): Promise<void>; // ends the line
}

/** What appears while the model writes: the text, or the trace; nothing for JSON. A character is held back until its last byte is there. */
function printer(run: Run): Printer {
  const { options, model, world } = run;
  const { stdout } = world;
  const { vocabulary } = model.tokenizer;
  if (options.json) return { show: () => {}, end: async () => {} };
  if (options.trace) {
    for (const line of traceHeading(run.settings)) void writeLine(stdout, line);
    return {
      show(step) {
        const [json] = jsonOf(run, [step], { kind: "aborted" }).steps ?? [];
        if (json) void writeLine(stdout, traceLine(json, step.scored.score, vocabulary));
      },
      end: async () => {},
    };
  }
  const text = textStream();
  return {
    show({ id }) {
      if (!vocabulary.isSpecial(id)) void stdout.write(text.push(vocabulary.bytes(id)));
    },
    end: () => writeLine(stdout, text.end()),
  };
}

function jsonOf(run: Run, steps: readonly GeneratedStep[], ending: Ending): GenerateJson {
  const { ids, settings, options, model } = run;
  return generateJson({
    model: model.identity,
    vocabulary: model.tokenizer.vocabulary,
    promptIds: ids,
    steps,
    ending,
    seed: options.seed,
    settings,
    ...(options.trace && { top: DEFAULT_TOP }),
  });
}

function settingsOf(options: GenerateCommandOptions): SamplingSettings {
  const { temperature, topK, topP, minP } = options;
  return asOption(() => parseSettings({ temperature, topK, topP, minP }));
}

function seedOf(value: string): number {
  return asOption(() => parseSeed(/^-?\d+$/.test(value) ? Number(value) : value));
}

/** What core refuses begins with the setting's name; here that is an option. Example: "top-p 2 is ..." -> "--top-p 2 is ...". */
function asOption<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`--${error.message}`, { cause: error });
  }
}

function checkRoom(ids: readonly TokenId[], contextLength: number): void {
  if (ids.length <= contextLength) return;
  throw new UsageError(
    `the prompt has ${ids.length} tokens and the model's context holds ${contextLength}; shorten it to at most ${contextLength} tokens`,
  );
}

function endingText(ending: Ending): string {
  switch (ending.kind) {
    case "end-token":
      return "the model ended";
    case "length":
      return "stopped by --max-tokens";
    case "context-full":
      return `the context of ${ending.contextLength} tokens is full`;
    case "aborted":
      return "stopped";
    default:
      return ending satisfies never;
  }
}
