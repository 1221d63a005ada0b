// Which models the page's own host has, and the one that the page opens with: the host's first, else the table's first at the hub.

import { DEFAULT_MODEL_ID, hubUrl, type ModelEntry, modelEntry } from "@tokenscope/models";
import type { ModelFile } from "../worker/protocol.ts";
import { type RemoteShelf, remoteModels } from "./remote-models.ts";

/** models.json. */
interface ModelList {
  readonly models: readonly ListedModel[];
  readonly remote?: string; // relative to the page: where the host asks another server for it
}

/** What models.json says of a file; the server package and `npm run build -- --with-model` write it. */
interface ListedModel {
  readonly id: string;
  readonly label: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly licence: string | null;
  readonly url: string; // relative to the page
  readonly calls?: string; // likewise: where the host computes for the page
}

/** A model on the page's own host. */
export interface HostModel {
  readonly file: ModelFile;
  readonly licence: string | null;
}

/** The model beside the page, or the default one at the hub where the page lies on a host without models. */
export async function findModel(): Promise<ModelFile> {
  const [first] = await hostModels();
  const file = first?.file ?? hubFile(modelEntry(DEFAULT_MODEL_ID));
  if (file === null) throw new RangeError(`findModel: ${DEFAULT_MODEL_ID} is on no hub`);
  return file;
}

/** The models beside the page; none where the host has no list. */
export async function hostModels(): Promise<readonly HostModel[]> {
  return (await modelList()).models.map(hostModel);
}

/** The models that the host asks another server for; null where it asks none. */
export async function hostRemote(): Promise<RemoteShelf | null> {
  const { remote } = await modelList();
  return remote === undefined ? null : remoteModels(address(remote));
}

async function modelList(): Promise<ModelList> {
  const none: ModelList = { models: [] };
  try {
    const response = await fetch(new URL("models.json", document.baseURI));
    return response.ok ? ((await response.json()) as ModelList) : none;
  } catch {
    return none; // a static host answers with a page of its own, or the network is away: the hub's answer will tell
  }
}

function address(path: string): string {
  return new URL(path, document.baseURI).href;
}

function hostModel({ id, label, sha256, sizeBytes, licence, url, calls }: ListedModel): HostModel {
  const file = { id, label, sha256, fileBytes: sizeBytes, url: address(url) };
  return { file: calls === undefined ? file : { ...file, calls: address(calls) }, licence };
}

/** A table's model at the hub; null where it is on none, for the page reads no wheels. */
export function hubFile({ id, label, sha256, fileBytes, sources }: ModelEntry): ModelFile | null {
  const hub = sources.find((source) => source.kind === "hub");
  return hub === undefined ? null : { id, label, sha256, fileBytes, url: hubUrl(hub) };
}
