// The worksheet as files and on paper.

import type { Worksheet } from "../../views/lab-worksheet.ts";
import { worksheet } from "../../views/lab-worksheet.ts";
import { saveFile } from "../files/save-file.ts";
import { usePageStore } from "../store-context.ts";

const PRINTED = "lab-print"; // the frame that holds what is printed

/** The three ways of handing in; each takes the page as it stands when it is pressed. */
export function useWorksheet(): {
  readonly saveMarkdown: () => void;
  readonly saveHtml: () => void;
  readonly print: () => void;
} {
  const store = usePageStore();
  const now = (): Worksheet => {
    const date = new Date().toLocaleDateString("en", { dateStyle: "long" });
    return worksheet(store.getState(), date);
  };
  return {
    async saveMarkdown() {
      const { worksheetMarkdown } = await import("../../views/lab-worksheet-markdown.ts");
      saveFile(worksheetMarkdown(now()), "worksheet.md", "text/markdown");
    },
    async saveHtml() {
      const { worksheetHtml } = await import("../../views/lab-worksheet-html.ts");
      saveFile(worksheetHtml(now()), "worksheet.html", "text/html");
    },
    async print() {
      const { worksheetHtml } = await import("../../views/lab-worksheet-html.ts");
      printed(worksheetHtml(now()));
    },
  };
}

/** Prints a page of its own in a frame that nobody sees; a print dialog offers PDF too. */
function printed(html: string): void {
  document.getElementById(PRINTED)?.remove();
  const frame = document.createElement("iframe");
  frame.id = PRINTED;
  frame.title = "Worksheet";
  frame.className = "lab-print";
  frame.tabIndex = -1;
  frame.srcdoc = html;
  frame.addEventListener("load", () => frame.contentWindow?.print());
  document.body.append(frame);
}
