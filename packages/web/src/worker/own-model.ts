// A model file of the user's own: what it is called and its sha256, read in pieces where it lies. It leaves this machine on no path.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { MODELS } from "@tokenscope/models";
import type { FetchOptions } from "./model-file.ts";
import type { ModelFile } from "./protocol.ts";

const PIECE_BYTES = 2 ** 23; // 8 MB: crypto.subtle would want the whole file in memory at once

/** The file under its real sha256, and under the name of the table where that knows it; rejects where it cannot be read or the load was given up. */
export async function identifiedModel(
  model: ModelFile & { readonly file: Blob },
  options: FetchOptions,
): Promise<ModelFile & { readonly file: Blob }> {
  if (model.sha256 !== "") return model; // it was read before
  const hash = await blobSha256(model.file, options);
  const known = MODELS.find((entry) => entry.sha256 === hash);
  return { ...model, sha256: hash, ...(known && { id: known.id, label: known.label }) };
}

/** The sha256 of a file of any size, as hex. */
export async function blobSha256(
  file: Blob,
  { onProgress, signal }: FetchOptions,
): Promise<string> {
  const hash = sha256.create();
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    signal.throwIfAborted();
    const piece = new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
    hash.update(piece);
    onProgress(at + piece.length);
  }
  return bytesToHex(hash.digest());
}
