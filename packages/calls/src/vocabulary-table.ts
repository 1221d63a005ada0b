// A vocabulary as flat arrays, to cross from the worker to the page in one message.

import { tokenId, type Vocabulary } from "@tokenscope/core";
import type { VocabularyTable } from "./calls.ts";

/** Flattens a vocabulary. */
export function vocabularyTable(vocabulary: Vocabulary): VocabularyTable {
  const pieces = Array.from({ length: vocabulary.size }, (_, id) => vocabulary.bytes(tokenId(id)));
  const offsets = new Uint32Array(vocabulary.size + 1);
  for (const [id, piece] of pieces.entries()) offsets[id + 1] = (offsets[id] ?? 0) + piece.length;
  const bytes = new Uint8Array(offsets[vocabulary.size] ?? 0);
  for (const [id, piece] of pieces.entries()) bytes.set(piece, offsets[id]);
  const special = Uint8Array.from(pieces, (_, id) => (vocabulary.isSpecial(tokenId(id)) ? 1 : 0));
  return { bytes, offsets, special };
}

/** The vocabulary of a table; bytes are views. */
export function tableVocabulary({ bytes, offsets, special }: VocabularyTable): Vocabulary {
  const size = special.length;
  return {
    size,
    bytes(id) {
      if (id >= size) throw new RangeError(`no token ${id} in a vocabulary of ${size}`);
      return bytes.subarray(offsets[id], offsets[id + 1]);
    },
    isSpecial: (id) => special[id] === 1,
  };
}
