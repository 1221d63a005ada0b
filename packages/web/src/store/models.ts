// The choice of a model: which one runs, the user's own file, what this browser keeps, and what waits for the person's word.

import type { StoreApi } from "zustand/vanilla";
import { deleteKept, type KeptModel, keepBlob, keptModels } from "../worker/model-cache.ts";
import type { ModelFile } from "../worker/protocol.ts";
import type { ModelLink } from "./model-link.ts";
import { type HostModel, hostModels } from "./served-models.ts";
import type { Store } from "./state.ts";

/** What there is to choose from, as it was when the shelf was read. */
export interface ModelShelf {
  readonly hosted: readonly HostModel[]; // beside the page
  readonly kept: readonly KeptModel[]; // in this browser
  /** Of everything this browser keeps for the page's host, and the most it would keep; null where it does not say. */
  readonly storage: StorageUse | null;
}

interface StorageUse {
  readonly usedBytes: number;
  readonly quotaBytes: number;
  /** Of the conversations; null where the browser gives the sum alone. */
  readonly conversationBytes: number | null;
}

/** What Chromium adds to the standard's estimate. */
interface DetailedEstimate extends StorageEstimate {
  readonly usageDetails?: { readonly indexedDB?: number };
}

/** A file that was picked or dropped; its name ends in .gguf. */
interface OfferedFile {
  readonly name: string;
  readonly file: Blob;
}

export interface ModelsState {
  /** The chosen model; null: the first of the host's list, or else the table's. */
  readonly chosen: ModelFile | null;
  /** The file behind `chosen` where it is the user's own; a reload loses it. */
  readonly ownFile: Blob | null;
  readonly offered: OfferedFile | null;
  readonly shelf: ModelShelf | null;
  /** What the model that came changed on the page, for the person to read once; null where nothing. */
  readonly news: string | null;
}

export interface ModelsActions {
  /** Loads another model in place of the one that runs, which goes on where that fails early. */
  readonly chooseModel: (model: ModelFile) => void;
  /** Shows a file in the dialog, where a press loads it. */
  readonly offerFile: (offered: OfferedFile | null) => void;
  readonly useOfferedFile: () => void;
  readonly dismissNews: () => void;
  readonly readShelf: () => Promise<void>;
  /** Keeps the user's own file in this browser, so that a reload finds it. */
  readonly keepOwnFile: () => Promise<void>;
  readonly deleteModel: (sha256: string) => Promise<void>;
}

export const FIRST_MODELS: ModelsState = {
  chosen: null,
  ownFile: null,
  offered: null,
  shelf: null,
  news: null,
};

const NO_ROOM = "This browser has no room for the file, so it was not kept; delete another model.";

/** The verbs over a store and its model. */
export function modelsActions(store: StoreApi<Store>, link: ModelLink): ModelsActions {
  const load = (chosen: ModelFile | null, ownFile: Blob | null): void => {
    if (store.getState().work.kind === "generating") return;
    store.setState({ offered: null, dialog: null, settled: null, search: null });
    void link.load({ chosen, ownFile });
  };
  const readShelf = async (): Promise<void> => store.setState({ shelf: await modelShelf() });
  return {
    readShelf,
    dismissNews: () => store.setState({ news: null }),
    chooseModel: (model) => load(isHostsFirst(model, store.getState()) ? null : model, null),
    offerFile: (offered) =>
      store.setState(offered === null ? { offered } : { offered, dialog: "models" }),
    useOfferedFile() {
      const { offered } = store.getState();
      if (offered !== null) load(ownModel(offered), offered.file);
    },
    async keepOwnFile() {
      const { chosen, ownFile } = store.getState();
      if (chosen === null || ownFile === null) return;
      if (!(await keepBlob(chosen, ownFile))) store.setState({ problem: NO_ROOM });
      await readShelf();
    },
    async deleteModel(sha256) {
      await deleteKept(sha256);
      await readShelf();
    },
  };
}

/** The host's first model is no choice of its own: what the host puts in its place opens instead. */
function isHostsFirst({ sha256 }: ModelFile, { shelf }: ModelsState): boolean {
  return shelf?.hosted[0]?.file.sha256 === sha256;
}

/** The model to load: the chosen one, with its own file where it has one. */
export function chosenModel({ chosen, ownFile }: ModelsState): ModelFile | null {
  return chosen !== null && ownFile !== null ? { ...chosen, file: ownFile } : chosen;
}

function ownModel({ name, file }: OfferedFile): ModelFile {
  const label = name.replace(/\.gguf$/i, "");
  return { id: label, label, url: "", sha256: "", fileBytes: file.size };
}

async function modelShelf(): Promise<ModelShelf> {
  const [hosted, kept, storage] = await Promise.all([hostModels(), keptModels(), storageUse()]);
  return { hosted, kept, storage };
}

async function storageUse(): Promise<StorageUse | null> {
  const storage: StorageManager | undefined = navigator.storage; // none outside a secure context
  const estimate: DetailedEstimate | undefined = await storage?.estimate().catch(() => undefined);
  const { usage, quota, usageDetails } = estimate ?? {};
  if (usage === undefined || quota === undefined) return null;
  const conversationBytes = usageDetails?.indexedDB ?? null;
  return { usedBytes: usage, quotaBytes: quota, conversationBytes };
}
