// How numbers are written, on the page and in the terminal alike (DESIGN.md section 8). Each is rounded once, from full precision.

/** What stands where there is no value: never 0. */
export const NO_VALUE = "n/a";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const SMALLEST_PLAIN = 1e-4; // below it a probability in prose is written with a power of ten

/** A probability as a percentage: 1 decimal from 1 %, 2 below; `<0.01 %` and `>99.9 %` only when truly so. Examples: 0.941 -> "94.1 %", 0.0096 -> "0.96 %". */
export function formatPercent(probability: number | null): string {
  if (probability === null) return NO_VALUE;
  const percent = probability * 100;
  if (percent === 0) return "0 %";
  if (percent === 100) return "100 %";
  if (percent < 0.01) return "<0.01 %";
  const oneDecimal = percent.toFixed(1);
  if (oneDecimal === "100.0" && percent < 100) return ">99.9 %";
  const twoDecimals = percent.toFixed(2);
  return `${percent < 1 && twoDecimals !== "1.00" ? twoDecimals : oneDecimal} %`;
}

const FEWEST_DIGITS = 2;
const MOST_DIGITS = 6; // p nearer to 1 has 0 bits for any purpose

/**
 * A probability beside its bits, to compute with: as many digits, from 2 on, as give these bits again.
 * Examples: 0.1923 -> "0.192" (2.38 bits), 0.9987 -> "0.999" (<0.01 bits), 0.9931 -> "0.9931" (<0.01 bits), 0.9999999 -> ">0.999999".
 */
export function formatProbability(probability: number | null): string {
  if (probability === null) return NO_VALUE;
  if (probability === 0 || probability === 1) return String(probability);
  const bits = formatBits(-Math.log2(probability));
  for (let digits = FEWEST_DIGITS; digits <= MOST_DIGITS; digits += 1) {
    const written = Number(probability.toPrecision(digits));
    const isEnough = written < 1 && formatBits(0 - Math.log2(written)) === bits;
    if (isEnough) return withDigits(probability, digits);
  }
  return probability > 0.5
    ? `>${(1 - 10 ** -MOST_DIGITS).toFixed(MOST_DIGITS)}`
    : withDigits(probability, MOST_DIGITS);
}

/** So many significant digits; with a power of ten where zeros would have to be counted. */
function withDigits(probability: number, count: number): string {
  if (probability >= SMALLEST_PLAIN) return probability.toPrecision(count);
  const [digits = "", exponent = "0"] = probability.toExponential(count - 1).split("e");
  const power = Array.from(exponent.slice(1), (digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `${digits} × 10⁻${power}`;
}

/** Bits, entropy: 2 decimals; `<0.01` when truly below. Examples: 2.957 -> "2.96", 0 -> "0.00". */
export function formatBits(bits: number | null): string {
  if (bits === null) return NO_VALUE;
  return bits > 0 && bits < 0.01 ? "<0.01" : withThousands(bits.toFixed(2));
}

/** Bits of a turn or a branch: 1 decimal. Example: 108.33 -> "108.3". */
export function formatTurnBits(bits: number | null): string {
  if (bits === null) return NO_VALUE;
  return bits > 0 && bits < 0.05 ? "<0.1" : withThousands(bits.toFixed(1));
}

/** Perplexity: 2 decimals, none from 1,000. Example: 33895.7 -> "33,896". */
export function formatPerplexity(perplexity: number | null): string {
  if (perplexity === null) return NO_VALUE;
  const twoDecimals = perplexity.toFixed(2);
  return withThousands(Number(twoDecimals) >= 1000 ? perplexity.toFixed(0) : twoDecimals);
}

/** A count with its thousands separated. Example: 49152 -> "49,152". */
export function formatCount(count: number | null): string {
  return count === null ? NO_VALUE : withThousands(count.toFixed(0));
}

/** A count with what is counted, in English. Examples: 1, "token" -> "1 token"; 49152, "token" -> "49,152 tokens". */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A rank among the vocabulary. Example: 7195, 49152 -> "7,195 of 49,152". */
export function formatRank(rank: number | null, vocabularySize: number): string {
  return rank === null ? NO_VALUE : `${formatCount(rank)} of ${formatCount(vocabularySize)}`;
}

/** A random number in [0, 1): 4 decimals, `>0.9999` where they would say 1. Example: 0.13493 -> "0.1349". */
export function formatDraw(draw: number | null): string {
  if (draw === null) return NO_VALUE;
  const fourDecimals = draw.toFixed(4);
  return fourDecimals === "1.0000" ? ">0.9999" : fourDecimals;
}

/** A number that may be below 0, such as a logit: so many decimals, with a true minus. Examples: -3.456, 2 -> "−3.46"; -0.001, 2 -> "0.00". */
export function formatSigned(value: number | null, decimals: number): string {
  if (value === null) return NO_VALUE;
  const digits = withThousands(Math.abs(value).toFixed(decimals));
  return value < 0 && /[1-9]/.test(digits) ? `−${digits}` : digits;
}

/** Megabytes of 10⁶ bytes, 1 decimal. Example: 98362432 -> "98.4 MB". */
export function formatMegabytes(bytes: number | null): string {
  return bytes === null ? NO_VALUE : `${withThousands((bytes / 1e6).toFixed(1))} MB`;
}

/** Positions of a span, closed on both sides, with an en dash. Examples: 44, 48 -> "44–48"; 44, 44 -> "44". */
export function formatSpanRange(first: number, last: number): string {
  return first === last ? formatCount(first) : `${formatCount(first)}–${formatCount(last)}`;
}

function withThousands(digits: string): string {
  const [integer = "", fraction] = digits.split(".");
  const separated = integer.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}
