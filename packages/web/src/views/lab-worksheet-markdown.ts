// The worksheet as Markdown: what was typed shows as it was typed, pictures travel inside the file.

import { type Attachment, attachmentLabel } from "./lab-attachment.ts";
import { attachmentTables, type NumberTable } from "./lab-numbers.ts";
import { attachmentPicture } from "./lab-strip.ts";
import type { Worksheet, WorksheetQuestion } from "./lab-worksheet.ts";

/** One Markdown file. */
export function worksheetMarkdown({ title, facts, parts }: Worksheet): string {
  const blocks = [
    `# ${escaped(title)}`,
    facts.map(([label, value]) => `- **${label}:** ${escaped(value)}`).join("\n"),
    ...parts.flatMap((part) => [
      `## ${escaped(part.title)}`,
      escaped(part.task),
      ...part.questions.flatMap(questionBlocks),
    ]),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function questionBlocks({ number, text, answer, attachments }: WorksheetQuestion): string[] {
  const lines = answer === "" ? "*No answer yet.*" : answer.split("\n").map(escaped).join("  \n");
  return [`### ${number} ${escaped(text)}`, lines, ...attachments.flatMap(evidenceBlocks)];
}

function evidenceBlocks(attachment: Attachment): string[] {
  const label = escaped(attachmentLabel(attachment));
  const svg = attachmentPicture(attachment);
  return [
    `**Attached: ${label}**`,
    svg === null ? "" : `![${label}](data:image/svg+xml;base64,${base64(svg)})`,
    ...attachmentTables(attachment).flatMap(tableBlocks),
    `*${escaped(attachment.conditions)}*`,
  ];
}

function tableBlocks({ head, rows, total }: NumberTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`;
  const rule = `|${head.map(() => " --- |").join("")}`;
  return [[line(head), rule, ...rows.map(line)].join("\n"), escaped(total)];
}

/** Text that Markdown shows as it is: "<|im_end|>" and "a * b" keep every character. A heading's or a list's first character counts too. */
function escaped(text: string): string {
  return text
    .replace(/[\\`*_{}[\]<>#|~&$]/g, "\\$&")
    .replace(/^(\s*)([-+]|\d+(?=[.)]))/, (_all, space: string, mark: string) =>
      /\d/.test(mark) ? `${space}${mark}` : `${space}\\${mark}`,
    );
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}
