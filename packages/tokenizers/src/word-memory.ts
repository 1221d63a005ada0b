// Remembers the tokens of words already seen: words repeat, and merging is the slow part.

/** Ids of the tokens that make up a stretch of text, or null where the vocabulary cannot write it. */
export type StretchEncoder = (text: string, isFirst: boolean) => readonly number[] | null;

/** Ids of one word that nothing around it can change, or null where the vocabulary cannot write it. */
export type WordEncoder = (word: string) => readonly number[] | null;

const MAX_WORDS = 50_000; // beyond them it starts anew: 50,000 words of 100 units and ids are 50 MB at most
const MAX_WORD_UNITS = 100; // UTF-16 units; longer ones seldom come back

/** The ids of words in order; `encodeWord` is asked once for each word that is remembered. */
export function buildWordsEncoder(
  encodeWord: WordEncoder,
): (words: readonly string[]) => readonly number[] | null {
  const memory = new Map<string, readonly number[]>();
  const encode = (word: string) => {
    const known = memory.get(word);
    if (known) return known;
    const ids = encodeWord(word);
    if (!ids || word.length > MAX_WORD_UNITS) return ids;
    if (memory.size === MAX_WORDS) memory.clear();
    memory.set(word, ids);
    return ids;
  };
  return (words) => {
    const ids: number[] = [];
    for (const word of words) {
      const found = encode(word);
      if (!found) return null;
      for (const id of found) ids.push(id); // no spread: a word may have 100,000 tokens
    }
    return ids;
  };
}
