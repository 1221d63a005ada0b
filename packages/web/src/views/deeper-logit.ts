// A logit taken apart: the dot product of context vector and token, its largest terms, and how p comes of it.

import {
  bitsFromNats,
  cappedLogit,
  formatCount,
  formatPercent,
  formatSigned,
  logitSum,
  type Prediction,
  type TokenId,
  type Vocabulary,
} from "@tokenscope/core";
import type { DeeperSettings } from "../store/deeper.ts";
import { tokenWord } from "./token-words.ts";

/** A term of a sum. The bar runs from the middle: -1 to 1 of the widest. */
interface TermRow {
  readonly dimension: string;
  readonly context: string;
  readonly token: string;
  readonly product: string;
  readonly runningSum: string;
  readonly bar: number;
}

/** A token with its logit and its p, each written out. */
interface LogitLine {
  readonly word: string;
  /** Such as "c · e = 18.42". */
  readonly logit: string;
  /** Such as "p = e^(18.42 − 20.11) = e^−1.69". */
  readonly exponent: string;
  readonly percent: string;
}

export interface LogitView {
  readonly lines: readonly LogitLine[]; // the token, its rival
  readonly logZ: string;
  readonly comparison: string;
  readonly terms: readonly TermRow[];
  readonly rest: { readonly label: string; readonly product: string; readonly sum: string };
  readonly termsTitle: string;
  readonly columnOfToken: string;
  /** What the model does to a sum before it is a logit; empty where nothing. */
  readonly cap: string;
}

export interface LogitInputs {
  readonly prediction: Prediction;
  readonly contextVector: Float32Array; // [C]
  readonly token: { readonly id: TokenId; readonly vector: Float32Array };
  readonly rival: { readonly id: TokenId; readonly vector: Float32Array };
  readonly termsOf: DeeperSettings["termsOf"];
  readonly logitCap: number | null;
  readonly vocabulary: Vocabulary;
}

const TERMS = 12; // as many as a drawer shows without scrolling

/** The view of two tokens at one position. */
export function logitView(inputs: LogitInputs): LogitView {
  const { prediction, token, rival, termsOf, logitCap, vocabulary } = inputs;
  const words = [token, rival].map(({ id }) => tokenWord(id, vocabulary));
  const [word = "", other = ""] = words;
  const logits = [token, rival].map(({ vector }) => logitOf(inputs, vector));
  const [logit = 0, rivalLogit = 0] = logits;
  return {
    lines: words.map((each, i) => logitLine(each, logits[i] ?? 0, prediction.logZ)),
    logZ: `log Z = ${formatSigned(prediction.logZ, 2)}, the log of the sum of e^logit over all ${formatCount(vocabulary.size)} tokens`,
    comparison: comparisonWords({ word, logit }, { word: other, logit: rivalLogit }),
    ...termRows(inputs),
    termsTitle:
      termsOf === "difference" ? `${word} less ${other}` : termsOf === "token" ? word : other,
    columnOfToken: termsOf === "difference" ? "e − e′" : "e",
    cap:
      logitCap === null
        ? ""
        : `This model bends every logit: ${formatCount(logitCap)} · tanh(c · e ÷ ${formatCount(logitCap)}). The terms are those of c · e.`,
  };
}

function logitOf({ contextVector, logitCap }: LogitInputs, vector: Float32Array): number {
  return cappedLogit(logitSum(contextVector, vector, 0).sum, logitCap);
}

function logitLine(word: string, logit: number, logZ: number): LogitLine {
  const two = (value: number): string => formatSigned(value, 2);
  return {
    word,
    logit: two(logit),
    exponent: `e^(${two(logit)} − ${two(logZ)}) = e^${two(logit - logZ)}`,
    percent: formatPercent(Math.min(1, Math.exp(logit - logZ))),
  };
}

interface Contestant {
  readonly word: string;
  readonly logit: number;
}

function comparisonWords(a: Contestant, b: Contestant): string {
  const [more, less] = a.logit >= b.logit ? [a, b] : [b, a];
  const nats = more.logit - less.logit;
  const bits = formatSigned(bitsFromNats(nats), 2);
  return `The logits differ by ${formatSigned(nats, 2)} nats, ${bits} bits: ${more.word} is ${timesWords(Math.exp(nats))} as likely as ${less.word}.`;
}

/** A ratio above 1. Examples: 1.234 -> "1.23 times", 1234.5 -> "1,235 times". */
function timesWords(ratio: number): string {
  if (ratio < 100) return `${ratio.toFixed(2)} times`;
  return ratio < 1e6 ? `${formatCount(ratio)} times` : "over a million times";
}

function termRows({
  contextVector,
  token,
  rival,
  termsOf,
}: LogitInputs): Pick<LogitView, "terms" | "rest"> {
  const vector =
    termsOf === "token"
      ? token.vector
      : termsOf === "rival"
        ? rival.vector
        : token.vector.map((value, i) => value - (rival.vector[i] ?? 0));
  const { terms, rest, restDimensions, sum } = logitSum(contextVector, vector, TERMS);
  const widest = Math.abs(terms[0]?.product ?? 0);
  return {
    terms: terms.map(({ dimension, context, token: weight, product, runningSum }) => ({
      dimension: formatCount(dimension),
      context: formatSigned(context, 2),
      token: formatSigned(weight, 4),
      product: formatSigned(product, 2),
      runningSum: formatSigned(runningSum, 2),
      bar: widest === 0 ? 0 : product / widest,
    })),
    rest: {
      label: `${formatCount(restDimensions)} other dimensions`,
      product: formatSigned(rest, 2),
      sum: formatSigned(sum, 2),
    },
  };
}
