// The worksheet as one HTML file that prints: its style and pictures stand in it, and it asks nothing of any server.

import { type Attachment, attachmentLabel } from "./lab-attachment.ts";
import { attachmentTables, type NumberTable } from "./lab-numbers.ts";
import { attachmentPicture } from "./lab-strip.ts";
import type { Worksheet, WorksheetQuestion } from "./lab-worksheet.ts";
import { escapeXml } from "./svg-text.ts";

// Paper: black on white, so there is no colour here but those of the pictures.
const STYLE = `
body { max-width: 720px; margin: 32px auto; padding: 0 16px; font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; } h2 { font-size: 18px; margin: 32px 0 8px; } h3 { font-size: 15px; margin: 24px 0 8px; }
dl { display: grid; grid-template-columns: 96px 1fr; gap: 4px 8px; } dt { font-weight: 600; } dd { margin: 0; min-height: 22px; overflow-wrap: anywhere; }
.answer { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: 8px 12px; border: 1px solid; border-radius: 6px; min-height: 66px; }
figure { margin: 12px 0; break-inside: avoid; } figure svg { max-width: 100%; height: auto; } figcaption { font-weight: 600; font-size: 13px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; } th, td { padding: 2px 16px 2px 0; text-align: left; border-bottom: 1px solid; } td { font-family: ui-monospace, Menlo, Consolas, monospace; white-space: pre; }
small { font-size: 12px; overflow-wrap: anywhere; }
h2, h3 { break-after: avoid; } tr, .answer { break-inside: avoid; }
@media print { body { margin: 0; max-width: none; padding: 0; } }
`;

/** One HTML document. */
export function worksheetHtml({ title, facts, parts }: Worksheet): string {
  const body = [
    `<h1>${escapeXml(title)}</h1>`,
    `<dl>${facts.map(([label, value]) => `<dt>${escapeXml(label)}</dt><dd>${escapeXml(value)}</dd>`).join("")}</dl>`,
    ...parts.map((part) =>
      [
        `<section><h2>${escapeXml(part.title)}</h2>`,
        `<p>${escapeXml(part.task)}</p>`,
        ...part.questions.map(questionHtml),
        "</section>",
      ].join("\n"),
    ),
  ];
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>${escapeXml(title)}</title><style>${STYLE}</style></head><body>`,
    ...body,
    "</body></html>",
    "",
  ].join("\n");
}

function questionHtml({ number, text, answer, attachments }: WorksheetQuestion): string {
  return [
    `<h3>${number} ${escapeXml(text)}</h3>`,
    `<p class="answer">${escapeXml(answer)}</p>`,
    ...attachments.map(evidenceHtml),
  ].join("\n");
}

function evidenceHtml(attachment: Attachment): string {
  const picture = attachmentPicture(attachment); // whose caption names the conditions
  return [
    `<figure><figcaption>${escapeXml(attachmentLabel(attachment))}</figcaption>`,
    picture ?? `<small>${escapeXml(attachment.conditions)}</small>`,
    ...attachmentTables(attachment).map(tableHtml),
    "</figure>",
  ].join("\n");
}

function tableHtml({ head, rows, total }: NumberTable): string {
  const cells = (row: readonly string[]) => row.map((cell) => `<td>${escapeXml(cell)}</td>`);
  return [
    `<table><thead><tr>${head.map((cell) => `<th>${escapeXml(cell)}</th>`).join("")}</tr></thead><tbody>`,
    ...rows.map((row) => `<tr>${cells(row).join("")}</tr>`),
    `</tbody></table>${total === "" ? "" : `<p>${escapeXml(total)}</p>`}`,
  ].join("\n");
}
