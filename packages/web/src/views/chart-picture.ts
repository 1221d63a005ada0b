// Bits by position as a picture: one bar a token, on the absolute scale of the strip, with the reference points that a reader knows. Knows no document.

import { lightToken } from "./picture-palette.ts";
import { label, type PictureOptions, picture } from "./strip-picture.ts";
import { brokenLines, escapeXml, px } from "./svg-text.ts";
import type { TokenView } from "./token-view.ts";

const DEFAULT_WIDTH_PX = 760;
const MARGIN_PX = 16;
const AXIS_PX = 44; // the numbers at the left
const PLOT_PX = 200;
const NAMES_PX = 84; // the tokens under the bars, where there is room for them
const NAME_COLUMN_PX = 6.6; // of 11 px mono type
const NAME_CHARACTERS = 11;
const LEAST_NAMED_PX = 13; // a bar this wide has its token under it
const CAPTION_COLUMN_PX = 6;
const LINE_PX = 16;
const TOPS = [1, 2, 4, 8, 16, 20, 24, 32] as const; // bits at the axis's end
const COIN_BITS = 1;
const DIE_BITS = Math.log2(6);

/** The SVG of some tokens' bits; a token without bits has a dashed foot and no bar. */
export function chartPicture(tokens: readonly TokenView[], options: PictureOptions): string {
  const { caption, widthPx = DEFAULT_WIDTH_PX } = options;
  const left = MARGIN_PX + AXIS_PX;
  const width = widthPx - MARGIN_PX - left;
  const step = width / Math.max(1, tokens.length);
  const most = Math.max(0, ...tokens.map(({ bits }) => bits ?? 0));
  const end = TOPS.find((top) => top >= most) ?? Math.ceil(most / 8) * 8;
  const top = MARGIN_PX + LINE_PX;
  const foot = top + PLOT_PX;
  const y = (bits: number): number => foot - (bits / end) * PLOT_PX;
  const isNamed = step >= LEAST_NAMED_PX;
  const parts = [
    label("bits", { x: left - 8, y: top - 8, anchor: "end" }),
    ...gridBits(end).map((bits) => gridLine(bits, { left, right: left + width, y: y(bits) })),
    ...tokens.map((view, i) => bar(view, { x: left + i * step, step, foot, y })),
    ...references(end).map(({ bits, words }) =>
      referenceLine(words, { left, right: left + width, y: y(bits) }),
    ),
    ...(isNamed ? tokens.map((view, i) => name(view, left + (i + 0.5) * step, foot)) : []),
    ...positionMarks(tokens, { left, step, y: foot + (isNamed ? NAMES_PX : 0) + 14 }),
  ];
  let bottom = foot + (isNamed ? NAMES_PX : 0) + 18;
  for (const line of brokenLines(caption, (widthPx - 2 * MARGIN_PX) / CAPTION_COLUMN_PX)) {
    bottom += LINE_PX;
    parts.push(label(line, { x: MARGIN_PX, y: bottom }));
  }
  return picture(parts, { caption, widthPx, heightPx: bottom + MARGIN_PX - 4 });
}

interface Line {
  readonly left: number;
  readonly right: number;
  readonly y: number;
}

function gridBits(end: number): readonly number[] {
  return [0, end / 4, end / 2, (end * 3) / 4, end];
}

function gridLine(bits: number, { left, right, y }: Line): string {
  return `<path d="M${px(left)} ${px(y)}H${px(right)}" stroke="${lightToken("rule")}"/>${label(px(bits), { x: left - 8, y: y + 4, anchor: "end" })}`;
}

/** A coin and a die, where they lie apart from each other and from the axis's ends. */
function references(end: number): readonly { readonly bits: number; readonly words: string }[] {
  const all = [
    { bits: COIN_BITS, words: "a coin, 1" },
    { bits: DIE_BITS, words: "a die, 2.58" },
  ];
  return all.filter(({ bits }) => bits < end && (bits > COIN_BITS || end <= 8));
}

/** Over the bars, its words on a ground of paper. */
function referenceLine(words: string, { left, right, y }: Line): string {
  return `<path d="M${px(left)} ${px(y)}H${px(right)}" stroke="${lightToken("edge")}" stroke-dasharray="2 3"/><g stroke="${lightToken("paper")}" stroke-width="4" paint-order="stroke">${label(words, { x: right, y: y - 4, anchor: "end" })}</g>`;
}

function bar(
  view: TokenView,
  {
    x,
    step,
    foot,
    y,
  }: {
    readonly x: number;
    readonly step: number;
    readonly foot: number;
    readonly y: (bits: number) => number;
  },
): string {
  const gap = step > 4 ? 2 : 0;
  const width = Math.max(1, Math.min(28, step - gap));
  const at = x + (step - width) / 2;
  if (view.bits === null) {
    return `<path d="M${px(at)} ${px(foot - 1)}h${px(width)}" stroke="${lightToken("edge")}" stroke-dasharray="3 2"/>`;
  }
  const top = y(view.bits);
  const forced = `<path d="M${px(x + step / 2 - 4)} ${px(top - 7)}h8l-4 5z" fill="${lightToken("ink")}"/>`;
  return [
    `<g><title>${escapeXml(view.title)}</title>`,
    `<rect x="${px(at)}" y="${px(top)}" width="${px(width)}" height="${px(foot - top)}" fill="${lightToken("mark")}"/>`,
    view.isForced ? forced : "",
    "</g>",
  ].join("");
}

/** The token under its bar, from top to bottom; a long one is cut. */
function name({ segments }: TokenView, x: number, foot: number): string {
  const characters = Array.from(segments.map(({ text }) => text).join(""));
  const isLong = characters.length > NAME_CHARACTERS;
  const text = isLong
    ? `${characters.slice(0, NAME_CHARACTERS - 1).join("")}…`
    : characters.join("");
  const font = escapeXml(lightToken("mono").replaceAll('"', "'"));
  const length = Math.min(NAME_CHARACTERS, characters.length) * NAME_COLUMN_PX;
  return `<text transform="translate(${px(x - 4)} ${px(foot + 6)}) rotate(90)" textLength="${px(length)}" lengthAdjust="spacingAndGlyphs" xml:space="preserve" font-family="${font}" font-size="11" fill="${lightToken("ink-2")}">${escapeXml(text)}</text>`;
}

/** Some positions under the axis, about one every 60 pixels. */
function positionMarks(
  tokens: readonly TokenView[],
  { left, step, y }: { readonly left: number; readonly step: number; readonly y: number },
): readonly string[] {
  const every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((n) => n * step >= 60) ?? 2000;
  return tokens.flatMap(({ position }, i) => {
    const isMarked = position % every === 0;
    return isMarked
      ? [label(String(position), { x: left + (i + 0.5) * step, y, anchor: "middle" })]
      : [];
  });
}
