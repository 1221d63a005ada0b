// tokenscope next: the distribution of the token that comes next.

import {
  KEPT_CANDIDATES,
  logSumExp,
  type NextJson,
  nextJson,
  type Prediction,
  scoreIds,
  type TokenId,
  type Tokenizer,
  type TokenScore,
  topCandidates,
  UsageError,
} from "@tokenscope/core";
import type { RemoteModel } from "@tokenscope/remote";
import type { Command } from "commander";
import { addChatOption, addTextOptions, withModel } from "../model-options.ts";
import { type NextWords, nextLines, type PrintedNext } from "../next-output.ts";
import type { OpenModel, TextModel } from "../open-model.ts";
import { collect, parseIds, parseWhole } from "../option-values.ts";
import { type Prompt, type PromptOptions, promptIds, readPrompt } from "../prompt.ts";
import { nextOnServer } from "../remote/next.ts";
import {
  addEngineChoice,
  chosenRemoteModel,
  remoteCandidateGlyphs,
} from "../remote/remote-options.ts";
import { candidateGlyphs } from "../score-locally.ts";
import { glyphs } from "../table.ts";
import { type World, writeLine } from "../world.ts";

export const DEFAULT_TOP = 10;

interface NextOptions extends PromptOptions {
  readonly top: number;
  readonly token?: readonly string[];
  readonly json?: boolean;
}

/** Adds the command `next`. */
export function addNext(program: Command, world: World): void {
  const command = program
    .command("next [text]")
    .description("the distribution of the next token; - reads standard input")
    .option("--ids <ids>", "these token ids instead of a text, such as 504,2988", parseIds)
    .option(
      "--top <number>",
      "how many of the most likely tokens to list",
      parseWhole("--top", 0),
      DEFAULT_TOP,
    )
    .option("--token <token>", 'also this token, such as " cat"; repeat for more', collect)
    .option("--json", "print JSON");
  addChatOption(command, "a conversation in the model's chat template");
  addEngineChoice(addTextOptions(command)).action(
    async (argument: string | undefined, options: NextOptions, typed: Command) => {
      const prompt = await readPrompt(argument, options, world);
      const remote = await chosenRemoteModel(typed, world);
      if (remote !== null) {
        const json = await nextOnServer(prompt, options, { model: remote, world });
        await print(json, { isJson: options.json, world }, remoteWords(remote));
        return;
      }
      await withModel(
        options,
        world,
        async (model) => {
          const json = await nextOf(prompt, options, { model, world });
          await print(json, { isJson: options.json, world }, localWords(json, model));
        },
        (model) => {
          namedTokens(options, model);
          promptIds(prompt, model);
        },
      );
    },
  );
}

async function print(
  json: PrintedNext,
  { isJson = false, world }: { readonly isJson: boolean | undefined; readonly world: World },
  words: NextWords,
): Promise<void> {
  const lines = isJson ? [JSON.stringify(json)] : nextLines(json, words, world);
  for (const line of lines) await writeLine(world.stdout, line);
}

function localWords({ context }: NextJson, model: OpenModel): NextWords {
  return {
    vocabularySize: model.engine.vocabularySize,
    candidateGlyphs: (candidate) => candidateGlyphs(candidate, model),
    start: afterStart(context.ids, model.tokenizer),
  };
}

function remoteWords({ endpoint }: RemoteModel): NextWords {
  return {
    vocabularySize: null,
    candidateGlyphs: remoteCandidateGlyphs,
    start: `, since ${endpoint.baseUrl} lists the likeliest tokens alone`,
  };
}

async function nextOf(
  prompt: Prompt,
  options: NextOptions,
  { model, world }: { readonly model: OpenModel; readonly world: World },
): Promise<NextJson> {
  const { engine, identity, tokenizer } = model;
  const asked = namedTokens(options, model);
  const contextIds = promptIds(prompt, model);
  const { predictionAfter } = await scoreIds(engine, contextIds, { signal: world.signal });
  if (!predictionAfter?.contextVector) throw new RangeError("next: the engine kept no context");
  const { contextVector } = predictionAfter;
  const prediction =
    options.top <= KEPT_CANDIDATES
      ? predictionAfter
      : longer(predictionAfter, await engine.logits(contextVector), options.top);
  const named: { id: TokenId; score: TokenScore }[] = [];
  for (const id of asked) {
    const [score] = await engine.scoreAt([contextVector], id);
    if (score === undefined) continue;
    const logprobNats = listedNats(prediction, id) ?? score.logprobNats; // one token, one number
    named.push({ id, score: { ...score, logprobNats } });
  }
  const { vocabulary } = tokenizer;
  return nextJson({ model: identity, vocabulary, contextIds, prediction, top: options.top, named });
}

/** The same prediction with a longer list. */
function longer(prediction: Prediction, logits: Float32Array, top: number): Prediction {
  const logZ = logSumExp(logits);
  const topIds = topCandidates(logits, top);
  const topLogprobsNats = Float32Array.from(
    topIds,
    (id) => listedNats(prediction, id) ?? (logits[id] ?? 0) - logZ,
  );
  return { ...prediction, topIds, topLogprobsNats };
}

/** A token's log-probability where a prediction lists it: that of another product may differ in the last digits. */
function listedNats({ topIds, topLogprobsNats }: Prediction, id: number): number | undefined {
  return topLogprobsNats[topIds.indexOf(id)];
}

/** The tokens of --token; throws UsageError as namedToken does. */
function namedTokens(options: NextOptions, model: TextModel): readonly TokenId[] {
  return (options.token ?? []).map((text) => namedToken(text, options, model));
}

/** The one token that a text is; throws UsageError where it is none or several. */
function namedToken(
  text: string,
  { parseSpecial = false }: { readonly parseSpecial?: boolean },
  { tokenizer }: TextModel,
): TokenId {
  const ids = tokenizer.encode(text, { parseSpecial });
  const [id] = ids;
  if (id !== undefined && ids.length === 1) return id;
  const special = parseSpecial ? [] : tokenizer.encode(text, { parseSpecial: true });
  const pieces = ids.map((piece) => glyphs(tokenizer.vocabulary.bytes(piece))).join(" | ");
  const found = ids.length === 0 ? "no token" : `${ids.length} tokens (${pieces})`;
  const remedy =
    special.length === 1
      ? "add --parse-special to mean the special token"
      : 'give one token, such as " cat" with its leading space';
  throw new UsageError(`--token ${JSON.stringify(text)} is ${found} of this model; ${remedy}`);
}

/** That a start token stands before the text, where one does: a number without its convention cannot be compared. */
function afterStart([first]: readonly number[], { startTokenId, vocabulary }: Tokenizer): string {
  if (first === undefined || first !== startTokenId) return "";
  return `, after the start token ${glyphs(vocabulary.bytes(startTokenId))} (id ${first})`;
}

/** Throws UsageError for a list longer than what is kept of each distribution. */
export function checkTop(top: number | undefined): void {
  if (top === undefined || top <= KEPT_CANDIDATES) return;
  throw new UsageError(
    `--top ${top} is not allowed; give a whole number from 0 to ${KEPT_CANDIDATES}`,
  );
}
