// The pinned tokens along the text as a picture: a row a token, as the drawer draws them. Knows no document.

import { pinChart } from "./along-chart.ts";
import { lightToken } from "./picture-palette.ts";
import type { PinLine } from "./pins.ts";
import { label, type PictureOptions, picture } from "./strip-picture.ts";
import { brokenLines, escapeXml, px } from "./svg-text.ts";

const DEFAULT_WIDTH_PX = 760;
const MARGIN_PX = 16;
const NAME_PX = 120;
const PLOT_PX = 44;
const GAP_PX = 18;
const LINE_PX = 16;
const CAPTION_COLUMN_PX = 6;

export interface PinsPicture extends PictureOptions {
  readonly scale: "log" | "linear";
}

/** The SVG of some lines: p of each token at every position, darker where it is the token that came. */
export function pinsPicture(
  lines: readonly PinLine[],
  { caption, scale, widthPx = DEFAULT_WIDTH_PX }: PinsPicture,
): string {
  const left = MARGIN_PX + NAME_PX;
  const width = widthPx - MARGIN_PX - left;
  const parts: string[] = [];
  let top = MARGIN_PX;
  for (const { segments, name, logprobsNats, cameAt } of lines) {
    const chart = pinChart(logprobsNats, cameAt, { width, height: PLOT_PX, scale });
    const text = segments.map((segment) => segment.text).join("");
    parts.push(
      label(text, { x: MARGIN_PX, y: top + PLOT_PX }),
      `<g transform="translate(${px(left)} ${px(top)})"><title>${escapeXml(name)}</title>`,
      ...chart.ticks.map(({ y, label: words }) => tick(y, words, width)),
      `<path d="M0 ${PLOT_PX}H${px(width)}" stroke="${lightToken("edge")}"/>`,
      `<path d="${chart.bars}" fill="${lightToken("bar")}"/>`,
      `<path d="${chart.came}" fill="${lightToken("accent")}"/>`,
      "</g>",
    );
    top += PLOT_PX + GAP_PX;
  }
  for (const line of brokenLines(caption, (widthPx - 2 * MARGIN_PX) / CAPTION_COLUMN_PX)) {
    top += LINE_PX;
    parts.push(label(line, { x: MARGIN_PX, y: top - 4 }));
  }
  return picture(parts, { caption, widthPx, heightPx: top + MARGIN_PX - 4 });
}

function tick(y: number, words: string, width: number): string {
  const line = `<path d="M0 ${px(y)}H${px(width)}" stroke="${lightToken("rule")}"/>`;
  return line + label(words, { x: -6, y: y + 4, anchor: "end" });
}
