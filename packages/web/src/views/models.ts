// The chooser of models as it is drawn: what there is, from where, on what terms, and what this browser keeps of it.

import { formatCount, formatMegabytes } from "@tokenscope/core";
import { MODELS, type ModelEntry, type ModelTerms } from "@tokenscope/models";
import type { ModelShelf } from "../store/models.ts";
import { hubFile } from "../store/served-models.ts";
import type { AppState } from "../store/state.ts";
import type { ModelFile } from "../worker/protocol.ts";

export interface ModelRow {
  readonly sha256: string;
  readonly label: string;
  /** Size, quantization, licence and where it comes from. */
  readonly facts: string;
  readonly model: ModelFile;
  /** Runs, or is being loaded. */
  readonly isCurrent: boolean;
  readonly isKept: boolean;
  /** The user's own file, which a reload loses unless it is kept. */
  readonly isPassing: boolean;
  readonly licence: string;
  /** To be accepted before the file is fetched; null where there are none, or it is here already. */
  readonly terms: ModelTerms | null;
}

export interface ModelsView {
  readonly rows: readonly ModelRow[];
  /** What choosing another model does to the conversation; null where nothing is lost. */
  readonly warning: string | null;
  /** A file that waits for the person's word. */
  readonly offered: { readonly name: string; readonly size: string } | null;
  readonly storage: string;
  /** Why no other model can be chosen now; null where one can. */
  readonly blocked: string | null;
}

export type ModelsInputs = Pick<
  AppState,
  "shelf" | "offered" | "chosen" | "ownFile" | "model" | "work" | "history" | "isRecording"
>;

const NO_SHELF: ModelShelf = { hosted: [], kept: [], storage: null };

/** The chooser for a state. */
export function modelsView(inputs: ModelsInputs): ModelsView {
  const { offered, work } = inputs;
  return {
    rows: modelRows(inputs),
    warning: warningOf(inputs),
    offered: offered && { name: offered.name, size: formatMegabytes(offered.file.size) },
    storage: storageWords(inputs.shelf ?? NO_SHELF),
    blocked: work.kind === "generating" ? "the model is writing" : null,
  };
}

function warningOf({ history, model, isRecording }: ModelsInputs): string | null {
  if (history.present.nodes.length === 0) return null;
  const whose = model.kind === "ready" ? `${model.loaded.label}'s` : "its own model's";
  const kept = isRecording ? "" : " It is kept in the list under Open.";
  return `Another model begins a new conversation: the one on screen is made of ${whose} tokens, which mean nothing to others.${kept}`;
}

/** The page's host's models, then those of the table at the hub, then what else this browser keeps or reads; no file twice. */
function modelRows(inputs: ModelsInputs): readonly ModelRow[] {
  const { shelf, chosen, ownFile } = inputs;
  const { hosted, kept } = shelf ?? NO_SHELF;
  const rows = [
    ...hosted.map(({ file, licence }) => rowOf(file, HOST, licence)),
    ...MODELS.flatMap((entry) => {
      const file = hubFile(entry);
      return file === null ? [] : [rowOf(file, HUB, entry.licence)];
    }),
    ...kept.map(({ sha256, label, fileBytes }) =>
      rowOf({ id: label || sha256, label: label || shortName(sha256), url: "", sha256, fileBytes }),
    ),
    ...(chosen !== null && chosen.sha256 !== "" ? [rowOf(chosen)] : []),
  ];
  const seen = new Set<string>();
  return rows
    .filter(({ sha256 }) => !seen.has(sha256) && seen.add(sha256))
    .map((row) => {
      const isKept = kept.some(({ sha256 }) => sha256 === row.sha256);
      const isCurrent = row.sha256 === currentSha256(inputs);
      const isPassing = isCurrent && ownFile !== null && !isKept;
      return { ...row, isKept, isCurrent, isPassing, terms: isKept ? null : row.terms };
    });
}

const HOST = "from this page's host";
const HUB = "from huggingface.co";
const OWN = "your own file";

type BareRow = Omit<ModelRow, "isKept" | "isCurrent" | "isPassing">;

function rowOf(model: ModelFile, place = OWN, licence: string | null = null): BareRow {
  const { sha256, label, fileBytes } = model;
  const entry: ModelEntry | undefined = MODELS.find((other) => other.sha256 === sha256);
  const facts = [
    formatMegabytes(fileBytes),
    entry?.quantization,
    entry?.licence ?? licence,
    place,
  ].filter((fact) => fact !== undefined && fact !== null);
  return {
    sha256,
    label: entry?.label ?? label,
    facts: facts.join(", "),
    model,
    licence: entry?.licence ?? licence ?? "",
    terms: entry?.terms ?? null,
  };
}

function currentSha256({ model, chosen }: ModelsInputs): string | undefined {
  return model.kind === "ready" ? model.loaded.identity.sha256 : chosen?.sha256;
}

function shortName(sha256: string): string {
  return `sha256 ${sha256.slice(0, 12)}`;
}

/** Example: "Kept in this browser: 2 models, 351.5 MB; conversations, 1.2 MB; the page itself, 2.9 MB. The browser allows 61 GB." */
function storageWords({ kept, storage }: ModelShelf): string {
  const modelBytes = kept.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  const count = `${formatCount(kept.length)} model${kept.length === 1 ? "" : "s"}`;
  const models = `Kept in this browser: ${count}, ${formatMegabytes(modelBytes)}`;
  if (storage === null) return `${models}.`;
  const { usedBytes, quotaBytes, conversationBytes } = storage;
  const rest = (of: number): string => formatMegabytes(Math.max(0, usedBytes - modelBytes - of));
  const others =
    conversationBytes === null
      ? `the page and its conversations, ${rest(0)}`
      : `conversations, ${formatMegabytes(conversationBytes)}; the page itself, ${rest(conversationBytes)}`;
  return `${models}; ${others}. The browser allows ${formatGigabytes(quotaBytes)}.`;
}

function formatGigabytes(bytes: number): string {
  return bytes < 1e9 ? formatMegabytes(bytes) : `${formatCount(bytes / 1e9)} GB`;
}
