// Bytes of tokens that a server shows as signs for half characters: which cut of the text's bytes would be shown so. Knows no server.

const MOST_BYTES = 4; // of UTF-8, for a character or the sign for a part of one
const LONGEST_UNNAMED = 64; // bytes of a token without a name, at most

/** One way that parts end at a byte, and how many there are in all. */
interface Way {
  readonly from: number;
  readonly ways: number; // 1, or 2 for more
}

/**
 * Cuts bytes so that each part, decoded alone, is its token's name; any part fits a name that is null. Null where no cut does so, or more than one.
 * Example: e7 8c ab as ["\u{fffd}", "\u{fffd}"] -> e7 8c | ab, since 8c ab alone would be two signs: every stray byte is one, and the beginning of a character is one.
 */
export function cutByNames(
  bytes: Uint8Array,
  names: readonly (string | null)[],
): readonly Uint8Array[] | null {
  const steps: Map<number, Way>[] = [];
  let reached = new Map<number, Way>([[0, { from: 0, ways: 1 }]]);
  for (const name of names) {
    const next = new Map<number, Way>();
    for (const [from, { ways }] of reached) {
      for (const end of fittingEnds(bytes, from, name)) {
        next.set(end, { from, ways: Math.min(2, ways + (next.get(end)?.ways ?? 0)) });
      }
    }
    steps.push(next);
    reached = next;
  }
  return reached.get(bytes.length)?.ways === 1 ? partsBack(bytes, steps) : null;
}

function fittingEnds(bytes: Uint8Array, from: number, name: string | null): readonly number[] {
  const most = name === null ? LONGEST_UNNAMED : MOST_BYTES * name.length;
  const ends: number[] = [];
  for (let end = from + 1; end <= Math.min(bytes.length, from + most); end += 1) {
    if (name === null || decodedAlone(bytes.subarray(from, end)) === name) ends.push(end);
  }
  return ends;
}

function decodedAlone(part: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(part);
}

function partsBack(
  bytes: Uint8Array,
  steps: readonly ReadonlyMap<number, Way>[],
): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let end = bytes.length;
  for (const step of steps.toReversed()) {
    const from = step.get(end)?.from ?? 0;
    parts.push(bytes.slice(from, end));
    end = from;
  }
  return parts.toReversed();
}
