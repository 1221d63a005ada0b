// The strip as a picture: scored tokens to one self-contained SVG that looks like the page in its light theme. Knows no document.

import { SURPRISE_CLASS_BITS, surpriseHeight, type Vocabulary } from "@tokenscope/core";
import type { Span } from "../store/state.ts";
import type { DocumentPath, Scores } from "./path.ts";
import { lightToken } from "./picture-palette.ts";
import { stripView } from "./strip.ts";
import { brokenLines, escapeXml, px, textColumns } from "./svg-text.ts";
import type { TokenView } from "./token-view.ts";

/** Tokens of one turn, or of a part of it. */
export interface PictureTurn {
  readonly role: string;
  readonly tokens: readonly TokenView[];
}

export interface PictureOptions {
  /** What stands under the picture: what it shows, and the model, precision and backend of its numbers. */
  readonly caption: string;
  /** 760 unless told, which fits a page of paper. */
  readonly widthPx?: number;
}

/** The sizes of a token by its look, as styles/strip.css has them. */
const LOOKS = {
  plain: { fontPx: 13.5, paddingPx: 1.5, edge: null },
  special: { fontPx: 11.5, paddingPx: 4, edge: "edge" },
  template: { fontPx: 12, paddingPx: 1.5, edge: "rule" },
} as const;

const DEFAULT_WIDTH_PX = 760;
const MARGIN_PX = 16;
const GUTTER_PX = 92; // the roles
const COLUMN_EM = 0.602; // the advance of the common monospaced fonts; textLength makes the others fit
const CAPTION_COLUMN_PX = 6; // of 12 px type, on average
const BOX_PX = 20;
const BAR_PX = 10;
const ROW_PX = 36;
const GAP_PX = 2;
const LEAST_WIDTH_PX = 15;
const LEGEND_PX = 30;
const LINE_PX = 16;
const CLASS_LABELS = ["0", "½", "1", "2", "4", "8", "16"] as const;

/** The turns of positions `from` to `to`, both in; a turn that the range cuts has the tokens inside alone. */
export function pictureTurns(
  path: DocumentPath,
  scores: Scores,
  vocabulary: Vocabulary,
  { from, to }: Span,
): readonly PictureTurn[] {
  return stripView(path, scores, { vocabulary, isAtNext: false })
    .map(({ role, tokens }) => {
      const inside = tokens.filter(({ position }) => position >= from && position <= to);
      return { role, tokens: inside };
    })
    .filter(({ tokens }) => tokens.length > 0);
}

/** The SVG of some turns: wash, underline bar, glyphs and marks as in the strip, a legend above and the caption below. Roles stand beside them where there are several. */
export function stripPicture(turns: readonly PictureTurn[], options: PictureOptions): string {
  const { caption, widthPx = DEFAULT_WIDTH_PX } = options;
  const left = MARGIN_PX + (turns.length > 1 ? GUTTER_PX : 0);
  const parts: string[] = [legend(widthPx)];
  let top = MARGIN_PX + LEGEND_PX + 12;
  for (const { role, tokens } of turns) {
    if (turns.length > 1) parts.push(turnMark(role, top, widthPx));
    const { drawn, rows } = placedTokens(tokens, { left, top, right: widthPx - MARGIN_PX });
    parts.push(drawn);
    top += rows * ROW_PX + 8;
  }
  const lines = brokenLines(caption, (widthPx - 2 * MARGIN_PX) / CAPTION_COLUMN_PX);
  for (const line of lines) {
    top += LINE_PX;
    parts.push(label(line, { x: MARGIN_PX, y: top - 4 }));
  }
  return picture(parts, { caption, widthPx, heightPx: top + MARGIN_PX - 4 });
}

/** The frame of a picture on white, with its words for a reader who cannot see it. */
export function picture(
  parts: readonly string[],
  { caption, widthPx, heightPx }: PictureOptions & { widthPx: number; heightPx: number },
): string {
  const height = px(heightPx);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${height}" viewBox="0 0 ${widthPx} ${height}" role="img" aria-label="${escapeXml(caption)}">`,
    `<rect width="100%" height="100%" fill="${lightToken("paper")}"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

/** A line of 12 px sans type. */
export function label(
  text: string,
  at: { readonly x: number; readonly y: number; readonly anchor?: "middle" | "end" },
): string {
  const anchor = at.anchor === undefined ? "" : ` text-anchor="${at.anchor}"`;
  return `<text x="${px(at.x)}" y="${px(at.y)}"${anchor} font-family="${font("sans")}" font-size="12" fill="${lightToken("ink-3")}">${escapeXml(text)}</text>`;
}

function font(name: "sans" | "mono"): string {
  return escapeXml(lightToken(name).replaceAll('"', "'"));
}

/** The classes with their bars, at the right of the first line. */
function legend(widthPx: number): string {
  const width = 30;
  const x = widthPx - MARGIN_PX - CLASS_LABELS.length * width;
  const classes = CLASS_LABELS.map((words, i) => {
    const bits = SURPRISE_CLASS_BITS[i] ?? 0;
    const at = x + i * width;
    const height = (surpriseHeight(bits) ?? 0) * BAR_PX;
    return [
      `<rect x="${px(at)}" y="${MARGIN_PX}" width="${width}" height="16" fill="${wash(i)}"/>`,
      `<rect x="${px(at)}" y="${MARGIN_PX + 16}" width="${width}" height="${px(height)}" fill="${lightToken("mark")}"/>`,
      `<text x="${px(at + width / 2)}" y="${MARGIN_PX + 12}" text-anchor="middle" font-family="${font("sans")}" font-size="12" fill="${inkOn(i)}">${words}</text>`,
    ].join("");
  });
  return [label("bits, from", { x: x - 8, y: MARGIN_PX + 12, anchor: "end" }), ...classes].join(
    "\n",
  );
}

function turnMark(role: string, top: number, widthPx: number): string {
  const y = px(top - 8);
  return [
    `<path d="M${MARGIN_PX} ${y}H${widthPx - MARGIN_PX}" stroke="${lightToken("rule")}"/>`,
    `<text x="${MARGIN_PX}" y="${px(top + 14)}" font-family="${font("sans")}" font-size="13" font-weight="600" fill="${lightToken("ink")}">${escapeXml(role)}</text>`,
  ].join("");
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
}

/** Tokens from left to right in rows; a line ends after a newline of the message, as in the strip. */
function placedTokens(
  tokens: readonly TokenView[],
  { left, top, right }: Frame,
): { readonly drawn: string; readonly rows: number } {
  let x = left;
  let row = 0;
  const drawn = tokens.map((view, i) => {
    const width = widthOf(view);
    const isEnded = tokens[i - 1]?.endsLine === true;
    if (x > left && (isEnded || x + width > right)) {
      x = left;
      row += 1;
    }
    const token = tokenShape(view, { x, y: top + row * ROW_PX, width });
    x += width + GAP_PX;
    return token;
  });
  return { drawn: drawn.join("\n"), rows: row + 1 };
}

function widthOf({ segments, look }: TokenView): number {
  const { fontPx, paddingPx } = LOOKS[look];
  const columns = textColumns(segments.map(({ text }) => text).join(""));
  return Math.max(LEAST_WIDTH_PX, columns * fontPx * COLUMN_EM + 2 * paddingPx);
}

function tokenShape(
  view: TokenView,
  { x, y, width }: { readonly x: number; readonly y: number; readonly width: number },
): string {
  const { edge } = LOOKS[view.look];
  const stroke = edge === null ? "" : ` stroke="${lightToken(edge)}"`;
  const bar =
    view.bits === null
      ? `<path d="M0 ${BOX_PX + 0.5}H${px(width)}" stroke="${lightToken("edge")}" stroke-dasharray="3 2"/>`
      : `<rect y="${BOX_PX}" width="${px(width)}" height="${px(view.height * BAR_PX)}" fill="${lightToken("mark")}"/>`;
  return [
    `<g transform="translate(${px(x)} ${px(y)})">`,
    `<title>${escapeXml(view.title)}</title>`,
    `<rect x="0.5" y="0.5" width="${px(width - 1)}" height="${BOX_PX - 1}" rx="2" fill="${view.bits === null ? "none" : wash(view.surprise)}"${stroke}/>`,
    bar,
    tokenText(view, width),
    view.isForced ? `<path d="M-1 -4H7L3 0Z" fill="${lightToken("ink")}"/>` : "",
    "</g>",
  ].join("");
}

function tokenText({ segments, look, bits, surprise }: TokenView, width: number): string {
  const { fontPx } = LOOKS[look];
  const columns = textColumns(segments.map(({ text }) => text).join(""));
  const length = columns * fontPx * COLUMN_EM;
  const spans = segments.map(({ text, isGlyph }) =>
    isGlyph ? `<tspan opacity="0.62">${escapeXml(text)}</tspan>` : escapeXml(text),
  );
  const ink = bits === null ? lightToken("ink") : inkOn(surprise);
  return `<text x="${px((width - length) / 2)}" y="14.5" textLength="${px(length)}" lengthAdjust="spacingAndGlyphs" xml:space="preserve" font-family="${font("mono")}" font-size="${fontPx}" fill="${ink}">${spans.join("")}</text>`;
}

function wash(surprise: number): string {
  const value = lightToken(`b${surprise}`);
  return value === "transparent" ? "none" : value;
}

function inkOn(surprise: number): string {
  return lightToken(surprise === SURPRISE_CLASS_BITS.length - 1 ? "b6-ink" : "ink");
}
