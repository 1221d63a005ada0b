// Makes one export of the state and gives it to the browser to save.

import { writtenWith } from "../../recording/recorded-with.ts";
import { pinsOf } from "../../store/pins.ts";
import type { AppState, Span } from "../../store/state.ts";
import { chartPicture } from "../../views/chart-picture.ts";
import { exportCsv, exportJson } from "../../views/export-table.ts";
import { activeDocumentPath } from "../../views/path.ts";
import { pinLines } from "../../views/pins.ts";
import { pinsPicture } from "../../views/pins-picture.ts";
import { modelBehind } from "../../views/session.ts";
import { pictureTurns, stripPicture } from "../../views/strip-picture.ts";
import { pngOf, saveFile } from "./save-file.ts";

export type ExportKind =
  | "csv"
  | "json"
  | "strip-svg"
  | "strip-png"
  | "chart-svg"
  | "chart-png"
  | "pins-svg"
  | "pins-png";

interface ExportPlan {
  readonly span: Span;
  readonly caption: string;
  /** A file's name from its ending. */
  readonly name: (ending: string) => string;
}

/** Saves the export of this kind; resolves with the file's name, rejects with a sentence. */
export async function saveExport(
  kind: ExportKind,
  state: AppState,
  { span, caption, name }: ExportPlan,
): Promise<string> {
  const { history, scores, vocabulary } = state;
  const model = modelBehind(state);
  if (model === null) throw new Error("These numbers have no model yet; wait until it is there.");
  const path = activeDocumentPath(history.present);
  const parts = { path, scores, vocabulary, model, span };
  const turns = () => pictureTurns(path, scores, vocabulary, span);
  switch (kind) {
    case "csv":
      return saved(exportCsv(parts), name(".csv"), "text/csv");
    case "json": {
      const json = exportJson(parts, writtenWith(state));
      return saved(`${JSON.stringify(json, null, 1)}\n`, name(".json"), "application/json");
    }
    case "strip-svg":
      return saved(stripPicture(turns(), { caption }), name("-tokens.svg"), SVG);
    case "strip-png":
      return saved(await pngOf(stripPicture(turns(), { caption })), name("-tokens.png"), PNG);
    case "chart-svg":
      return saved(chartPicture(tokensOf(turns()), { caption }), name("-bits.svg"), SVG);
    case "chart-png":
      return saved(
        await pngOf(chartPicture(tokensOf(turns()), { caption })),
        name("-bits.png"),
        PNG,
      );
    case "pins-svg":
      return saved(pinned(state, caption), name("-pins.svg"), SVG);
    case "pins-png":
      return saved(await pngOf(pinned(state, caption)), name("-pins.png"), PNG);
    default:
      return kind satisfies never;
  }
}

const SVG = "image/svg+xml";
const PNG = "image/png";

/** The pinned tokens along the whole branch, on the drawer's axis. */
function pinned(state: AppState, caption: string): string {
  const { history, scores, vocabulary, pinRows: rows, pinScale: scale } = state;
  const path = activeDocumentPath(history.present);
  const lines = pinLines(path, scores, { ids: pinsOf(state), rows, vocabulary });
  return pinsPicture(lines, { caption: `Pinned tokens, p by position. ${caption}`, scale });
}

function tokensOf(turns: ReturnType<typeof pictureTurns>) {
  return turns.flatMap(({ tokens }) => tokens);
}

function saved(content: string | Blob, name: string, type: string): string {
  saveFile(content, name, type);
  return name;
}
