// The order of tokens by likelihood: logit descending, then lower id. Knows no settings and no probabilities.

/** One number a token of the vocabulary, [V]; Float64Array for readable oracles, Float32Array from engines. */
export type Logits = Float32Array | Float64Array;

const SELECT_AT_MOST = 512; // above this a full radix sort is quicker than keeping a sorted list by insertion
const DIGIT_BITS = 11; // three passes of 11, 11 and 10 bits cover 32
const BUCKETS = 1 << DIGIT_BITS;

/** All ids in order of rank, [V]. Example: [2, 3, 3] -> [1, 2, 0]. */
export function rankOrder(logits: Logits): Int32Array {
  if (logits instanceof Float32Array) return radixOrder(logits);
  return allIds(logits.length).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
}

/** The `count` most likely ids in order of rank, without sorting the rest. Example: [2, 3, 3], 2 -> [1, 2]. */
export function topCandidates(logits: Logits, count: number): Int32Array {
  const wanted = Math.min(count, logits.length);
  if (wanted > SELECT_AT_MOST) return rankOrder(logits).slice(0, wanted);
  const ids = new Int32Array(wanted);
  const values = new Float64Array(wanted);
  let held = 0;
  for (let id = 0; id < logits.length && wanted > 0; id += 1) {
    const value = logits[id] ?? 0;
    // Strictly greater: at a tie the lower id, which came first, keeps its place.
    if (held === wanted && !(value > (values[wanted - 1] ?? 0))) continue;
    let place = held < wanted ? held : wanted - 1;
    for (; place > 0 && (values[place - 1] ?? 0) < value; place -= 1) {
      values[place] = values[place - 1] ?? 0;
      ids[place] = ids[place - 1] ?? 0;
    }
    values[place] = value;
    ids[place] = id;
    if (held < wanted) held += 1;
  }
  return ids;
}

/** Rank of one id: 1 + the number of tokens that are strictly more likely. Example: rankOf([2, 3, 3], 0) -> 3. Throws RangeError outside the vocabulary. */
export function rankOf(logits: Logits, id: number): number {
  const own = logits[id];
  if (own === undefined) {
    throw new RangeError(`rankOf: token ${id} is outside the vocabulary of ${logits.length}`);
  }
  let rank = 1;
  for (let other = 0; other < logits.length; other += 1) {
    if ((logits[other] ?? 0) > own) rank += 1;
  }
  return rank;
}

/** How many ids come before this one in the order of rank: rank - 1, plus the ties with a lower id. */
export function rankIndexOf(logits: Logits, id: number): number {
  const own = logits[id] ?? 0;
  let ties = 0;
  for (let other = 0; other < id; other += 1) {
    if (logits[other] === own) ties += 1;
  }
  return rankOf(logits, id) - 1 + ties;
}

// A stable sort, digit by digit from the lowest: ids start ascending, so ties stay in order of id.
function radixOrder(logits: Float32Array): Int32Array {
  const keys = descendingKeys(logits);
  let from = allIds(logits.length);
  let to = new Int32Array(logits.length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const starts = bucketStarts(keys, shift);
    for (let i = 0; i < from.length; i += 1) {
      const id = from[i] ?? 0;
      const digit = ((keys[id] ?? 0) >>> shift) & (BUCKETS - 1);
      const place = starts[digit] ?? 0;
      to[place] = id;
      starts[digit] = place + 1;
    }
    [from, to] = [to, from];
  }
  return from;
}

function allIds(count: number): Int32Array<ArrayBuffer> {
  const ids = new Int32Array(count);
  for (let id = 0; id < count; id += 1) ids[id] = id;
  return ids;
}

// Bits of a float as an unsigned number that falls as the float rises. A float's bits already order positive values; negative ones run backwards.
function descendingKeys(logits: Float32Array): Uint32Array {
  const keys = new Uint32Array(logits.length);
  const bits = new Uint32Array(logits.buffer, logits.byteOffset, logits.length);
  for (let id = 0; id < bits.length; id += 1) {
    const word = bits[id] ?? 0;
    const signed = word === 0x8000_0000 ? 0 : word; // -0 ties with 0
    keys[id] = signed >= 0x8000_0000 ? signed : ~signed & 0x7fff_ffff;
  }
  return keys;
}

function bucketStarts(keys: Uint32Array, shift: number): Int32Array {
  const starts = new Int32Array(BUCKETS);
  for (let i = 0; i < keys.length; i += 1) {
    const digit = ((keys[i] ?? 0) >>> shift) & (BUCKETS - 1);
    starts[digit] = (starts[digit] ?? 0) + 1;
  }
  let start = 0;
  for (let digit = 0; digit < BUCKETS; digit += 1) {
    const size = starts[digit] ?? 0;
    starts[digit] = start;
    start += size;
  }
  return starts;
}
