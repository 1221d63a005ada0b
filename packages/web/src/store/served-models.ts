// Which model the page loads: the one that its own server has, else the table's first at the hub.

import { DEFAULT_MODEL_ID, hubUrl, modelEntry } from "@tokenscope/models";
import type { ModelFile } from "../worker/protocol.ts";

/** What models.json says of a file; the server package writes it. */
interface ListedModel {
  readonly id: string;
  readonly label: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly url: string;
}

/** The model beside the page, or the default one at the hub where the page lies on a host without models. */
export async function findModel(): Promise<ModelFile> {
  const listed = await listedModels();
  const model = listed[0];
  if (model === undefined) return hubModel();
  const { id, label, sha256, sizeBytes, url } = model;
  return { id, label, sha256, fileBytes: sizeBytes, url: new URL(url, document.baseURI).href };
}

async function listedModels(): Promise<readonly ListedModel[]> {
  try {
    const response = await fetch(new URL("models.json", document.baseURI));
    if (!response.ok) return [];
    return ((await response.json()) as { models: readonly ListedModel[] }).models;
  } catch {
    return []; // a static host answers with a page of its own, or the network is away: the hub's answer will tell
  }
}

function hubModel(): ModelFile {
  const { id, label, sha256, fileBytes, sources } = modelEntry(DEFAULT_MODEL_ID);
  const hub = sources.find((source) => source.kind === "hub");
  if (hub === undefined) throw new RangeError(`findModel: ${id} is on no hub`);
  return { id, label, sha256, fileBytes, url: hubUrl(hub) };
}
