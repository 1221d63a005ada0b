// How many candidates a server lists is its own to say: as many as are wanted, or as it takes to be asked for.

import { isRefusal } from "./remote-model.ts";

const LENGTHS = [50, 20, 10, 5, 1]; // what is tried where more is refused

/** What comes of the longest list, up to `top`, that is not refused; numbers that the refusal names are tried too. Throws the first refusal where each is. */
export async function widestList<T>(list: (top: number) => Promise<T>, top: number): Promise<T> {
  try {
    return await list(top);
  } catch (refusal) {
    if (!isRefusal(refusal)) throw refusal;
    for (const length of lengthsBelow(top, refusal.message)) {
      try {
        return await list(length);
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
    }
    throw refusal;
  }
}

function lengthsBelow(top: number, refusal: string): readonly number[] {
  const lengths = new Set([...LENGTHS, ...namedNumbers(refusal)]);
  return [...lengths].filter((each) => each > 0 && each < top).toSorted((a, b) => b - a);
}

/** Numbers in a server's own words. Example: "http://h:80/v1 answered 400: 1000 is above 100" -> 1000, 100. */
function namedNumbers(refusal: string): readonly number[] {
  const [, words = ""] = / answered \d+: (.*)/s.exec(refusal) ?? [];
  return (words.match(/\b\d+\b/g) ?? []).map(Number);
}
