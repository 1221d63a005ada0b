// The texts that are measured: timed on windows of the repository's LICENSE, compared on the reference texts. Bundled from the sources before it runs.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeTokens } from "@tokenscope/core";
import { readGguf } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import { loadTokenizer } from "@tokenscope/tokenizers";

const WINDOW_STRIDE = 160; // tokens: windows differ, and a dozen of 256 fit in the LICENSE's 2,215

/** The tokenizer of a model file. */
export async function openTokenizer(modelPath) {
  const source = await openFileSource(modelPath);
  const { metadata } = await readGguf(source);
  await source.close();
  return loadTokenizer({ name: "bench", metadata });
}

/**
 * `count` windows of exactly `length` tokens with their texts; each text alone gives the same ids, so that a peer which takes only text runs the same tokens.
 * Windows start with different tokens: a peer that keeps the last prompt's cache finds nothing to reuse.
 */
export async function tokenWindows({ modelPath, root, length, count }) {
  const tokenizer = await openTokenizer(modelPath);
  const ids = tokenizer.encode(readFileSync(join(root, "LICENSE"), "utf8"));
  const windows = [];
  for (let start = 0; start + length <= ids.length && windows.length < count; start += 1) {
    const window = ids.slice(start, start + length);
    const text = decodeTokens(window.map((id) => tokenizer.vocabulary.bytes(id)));
    const isNew = windows.every((other) => other.ids[0] !== window[0]);
    if (isNew && sameIds(tokenizer.encode(text), window)) {
      windows.push({ ids: window, text });
      start += WINDOW_STRIDE - 1;
    }
  }
  if (windows.length === count) return windows;
  throw new Error(
    `bench: LICENSE gives ${windows.length} windows of ${length} tokens, not ${count}`,
  );
}

function sameIds(a, b) {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

const SEED_TOKENS = 1_000;

/**
 * Ids of the reference texts and, where the shared folder lies beside the clone, of the start of the course notes.
 * @returns {Promise<readonly { readonly name: string, readonly ids: readonly number[] }[]>}
 */
export async function fidelityTexts({ modelPath, root }) {
  const reference = join(root, "fixtures/reference/models/smollm2-135m-instruct-q4_1.json");
  const texts = JSON.parse(readFileSync(reference, "utf8"));
  const named = texts.map(({ name, ids }) => ({ name, ids }));
  const seed = join(root, "../shared/seed/cs376-unit1.txt");
  if (!existsSync(seed)) return named;
  const tokenizer = await openTokenizer(modelPath);
  const ids = tokenizer.encode(readFileSync(seed, "utf8")).slice(0, SEED_TOKENS);
  return [...named, { name: "cs376-unit1, 1,000 tokens", ids }];
}
