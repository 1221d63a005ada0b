// tokenscope compare: one text in several models, or in one model at fewer bits a weight.

import {
  bitsFromNats,
  countOf,
  divergence,
  formatBits,
  formatCount,
  formatPercent,
  formatPerplexity,
  type ModelIdentity,
  type ScoredRow,
  type Summary,
  scoreBits,
  scoreIds,
  sharedEnd,
  summary,
  UsageError,
} from "@tokenscope/core";
import { type Command, Option } from "commander";
import { addTextOptions, startTokenOf, type TextOptions, withModel } from "../model-options.ts";
import type { OpenModel } from "../open-model.ts";
import { readTexts } from "../score-input.ts";
import { tableLines } from "../table.ts";
import { type World, writeLine } from "../world.ts";

interface CompareOptions extends TextOptions {
  readonly text?: string;
  readonly models?: string;
  readonly bits?: string;
  readonly json?: boolean;
}

/** The same with the text, wherever it came from. */
type Comparison = Omit<CompareOptions, "text"> & { readonly text: string };

/** Adds the command `compare`. */
export function addCompare(program: Command, world: World): void {
  const command = program
    .command("compare [file]")
    .description(
      "one text in several models, or in one at fewer bits a weight; - reads standard input",
    )
    .option("--text <text>", "the text itself instead of a file")
    .addOption(
      new Option("--models <models>", "models between commas, such as A,B").conflicts("bits"),
    )
    .option("--bits <bits>", "bits a weight between commas, such as 8,4,3,2: --model, rounded")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
--models compares over the bytes that all of them scored, since their tokens differ.
--bits rounds every matrix to nearest in blocks of 32 that share a scale, and measures how far the
distributions move from those of the file as it is.`,
    );
  addTextOptions(command).action(async (file: string | undefined, options: CompareOptions) => {
    const { models, bits } = options;
    if (models === undefined && bits === undefined) {
      throw new UsageError("compare needs --models A,B or --bits 8,4,3,2; give one of them");
    }
    const comparison = { ...options, text: await oneText(file, options, world) };
    await (models === undefined ? compareBits : compareModels)(comparison, world);
  });
}

/** The text of the file or of --text; throws UsageError where there is none, or more than one. */
async function oneText(
  file: string | undefined,
  options: CompareOptions,
  world: World,
): Promise<string> {
  const files = file === undefined ? [] : [file];
  if (files.length + (options.text === undefined ? 0 : 1) !== 1) {
    const found = file === undefined ? "there is no text" : "a file and --text cannot go together";
    throw new UsageError(`${found}; give a file, "-" for standard input, or --text TEXT`);
  }
  const texts = await readTexts(files, options, world);
  const [only] = texts;
  if (only !== undefined && texts.length === 1 && only.context === null) return only.text;
  const has = only?.context ? "a context" : countOf(texts.length, "text");
  throw new UsageError(
    `${file} has ${has}, and compare takes one text as it is; give it in a file of its own, or with --text`,
  );
}

interface ScoredModel {
  readonly identity: ModelIdentity;
  readonly rows: readonly ScoredRow[];
  readonly vocabulary: OpenModel["tokenizer"]["vocabulary"];
}

async function compareModels(options: Comparison, world: World): Promise<void> {
  const names = listOf(options.models ?? "");
  if (names.length < 2) {
    throw new UsageError(
      `--models names ${names.length} model; give two or more between commas, such as A,B`,
    );
  }
  const scored: ScoredModel[] = [];
  for (const model of names) {
    scored.push(
      await withModel({ ...options, model }, world, (open) => scoredBy(open, options, world)),
    );
  }
  const { bytes, rows } = sharedEnd(scored);
  const models = scored.map(({ identity, vocabulary, rows: all }, i) => {
    return { model: identity, tokens: all.length, summary: summary(rows[i] ?? [], vocabulary) };
  });
  const textBytes = new TextEncoder().encode(options.text).length;
  if (options.json) {
    const json = { text: options.text, textBytes, comparedBytes: bytes, models };
    await writeLine(world.stdout, JSON.stringify(json));
    return;
  }
  const lines = tableLines(
    [
      { heading: "model" },
      { heading: "tokens", isNumber: true },
      { heading: "compared", isNumber: true },
      ...MEASURES,
    ],
    models.map(({ model, tokens, summary: figures }) => [
      `${model.id}, ${model.precision}`,
      formatCount(tokens),
      formatCount(figures.scoredTokens),
      ...measures(figures),
    ]),
  );
  for (const line of lines) await writeLine(world.stdout, line);
  await writeLine(
    world.stdout,
    `\nover the last ${formatCount(bytes)} of ${countOf(textBytes, "byte")}, which every model scored; perplexity is by token, so bits per byte is what compares`,
  );
}

const MEASURES = [
  { heading: "bits", isNumber: true },
  { heading: "a byte", isNumber: true },
  { heading: "perplexity", isNumber: true },
] as const;

function measures(figures: Summary): readonly string[] {
  return [
    formatBits(figures.totalBits),
    formatBits(figures.bitsPerByte),
    formatPerplexity(figures.perplexity),
  ];
}

async function scoredBy(
  model: OpenModel,
  options: Comparison,
  { signal }: World,
): Promise<ScoredModel> {
  const { tokenizer, engine, identity } = model;
  const { parseSpecial = false } = options;
  const ids = tokenizer.encode(options.text, { parseSpecial });
  const startTokenId = startTokenOf(options.startToken, model);
  const { rows } = await scoreIds(engine, ids, { startTokenId, signal });
  return { identity, rows, vocabulary: tokenizer.vocabulary };
}

/** How far a model with rounded weights is from the file's own, over the positions of a text. */
interface Distance {
  readonly meanKlBits: number;
  readonly sameTopShare: number;
  readonly meanAbsBits: number;
}

interface Rounded {
  readonly weightBits: number | null; // null: as the file has them
  readonly summary: Summary;
  readonly distance: Distance | null;
}

async function compareBits(options: Comparison, world: World): Promise<void> {
  const wanted = listOf(options.bits ?? "").map(Number);
  const odd = wanted.find((bits) => !Number.isInteger(bits) || bits < 2 || bits > 8);
  if (odd !== undefined || wanted.length === 0) {
    throw new UsageError(
      `--bits ${JSON.stringify(options.bits)} is not allowed; give whole numbers from 2 to 8 between commas, such as 8,4,3,2`,
    );
  }
  const { identity, all } = await withModel(options, world, async (own) => {
    const truth = await scoredBy(own, options, world);
    const figures = summary(truth.rows, truth.vocabulary);
    const found: Rounded[] = [{ weightBits: null, summary: figures, distance: null }];
    for (const weightBits of wanted) {
      found.push(
        await withModel({ ...options, weightBits }, world, async (rounded) => {
          const { rows, vocabulary } = await scoredBy(rounded, options, world);
          const distance = await distanceOf([own, truth.rows], [rounded, rows], world);
          return { weightBits, summary: summary(rows, vocabulary), distance };
        }),
      );
    }
    return { identity: own.identity, all: found };
  });
  if (options.json) {
    await writeLine(
      world.stdout,
      JSON.stringify({ model: identity, text: options.text, weights: all }),
    );
    return;
  }
  const own = `${identity.quantization}, as the file is`;
  const lines = tableLines(
    [
      { heading: "weights" },
      { heading: "mean KL, bits", isNumber: true },
      { heading: "same top", isNumber: true },
      { heading: "a token's bits move", isNumber: true },
      ...MEASURES,
    ],
    all.map(({ weightBits, distance, summary: figures }) => [
      weightBits === null ? own : `${weightBits} bits`,
      ...(weightBits === null ? ["", "", ""] : distances(distance)),
      ...measures(figures),
    ]),
  );
  for (const line of lines) await writeLine(world.stdout, line);
  await writeLine(
    world.stdout,
    `\n${identity.id}, ${identity.precision}; KL of the rounded model's distributions from the file's, a mean over ${countOf(all[0]?.summary.scoredTokens ?? 0, "position")}`,
  );
}

function distances(distance: Distance | null): readonly string[] {
  return [
    formatBits(distance?.meanKlBits ?? null),
    formatPercent(distance?.sameTopShare ?? null),
    formatBits(distance?.meanAbsBits ?? null),
  ];
}

type Side = readonly [model: OpenModel, rows: readonly ScoredRow[]];

/** Null where no token was scored: a distance is never made up. */
async function distanceOf(
  [own, truth]: Side,
  [other, rows]: Side,
  { signal }: World,
): Promise<Distance | null> {
  let klNats = 0;
  let same = 0;
  let absBits = 0;
  let count = 0;
  for (const [i, { score, predictionBefore }] of truth.entries()) {
    signal.throwIfAborted();
    const [ownBits, otherBits] = [scoreBits(score), scoreBits(rows[i]?.score ?? null)];
    const p = predictionBefore?.contextVector;
    const q = rows[i]?.predictionBefore?.contextVector;
    if (ownBits === null || otherBits === null || !p || !q) continue;
    const apart = divergence(await own.engine.logits(p), await other.engine.logits(q), 1);
    if (apart === null) continue;
    count += 1;
    klNats += apart.klNats;
    if (apart.isSameTop) same += 1;
    absBits += Math.abs(ownBits - otherBits);
  }
  if (count === 0) return null;
  const meanKlBits = bitsFromNats(klNats / count);
  return { meanKlBits, sameTopShare: same / count, meanAbsBits: absBits / count };
}

function listOf(value: string): readonly string[] {
  return value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
