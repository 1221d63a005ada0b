// A GGUF file with its engine and its tokenizer, as a program of your own opens it.

import { loadKernelEngine, readGguf } from "@tokenscope/engine";
import { loadNodeKernel, openFileSource } from "@tokenscope/engine/node";
import { loadTokenizer } from "@tokenscope/tokenizers";

/** The engine is to be closed. It computes in fp32 over the file's own weights ("exact"), on two threads. */
export async function openModel(path) {
  const source = await openFileSource(path);
  try {
    const gguf = await readGguf(source);
    const tokenizer = loadTokenizer({ name: path, metadata: gguf.metadata });
    const kernel = await loadNodeKernel();
    const options = { source, gguf, precision: "exact", backend: "wasm", threads: 2 };
    return { tokenizer, engine: await loadKernelEngine({ ...options, ...kernel }) };
  } finally {
    await source.close(); // the weights are in memory now
  }
}

/** The text of one token, with what is not whole UTF-8 replaced. */
export function textOf(tokenizer, id) {
  return new TextDecoder().decode(tokenizer.vocabulary.bytes(id));
}
