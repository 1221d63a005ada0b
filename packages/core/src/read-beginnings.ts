// Texts that were read lately, so that one which begins alike is not read again. Knows ids and no text.

import type { Sequence } from "./engine.ts";
import type { TokenId } from "./token.ts";

interface ReadText {
  readonly ids: readonly TokenId[];
  readonly sequence: Sequence;
}

export interface BeginningsLimits {
  readonly texts: number;
  readonly positions: number; // of all of them
}

const SHORTEST = 8; // tokens: fewer are read sooner than looked up

/** The texts that were used last, within the limits. Invariant: none is the beginning of another. */
export class ReadBeginnings {
  readonly #limits: BeginningsLimits;
  #texts: readonly ReadText[] = []; // the one used last is the last

  constructor(limits: BeginningsLimits) {
    this.#limits = limits;
  }

  get positions(): number {
    return this.#texts.reduce((sum, { ids }) => sum + ids.length, 0);
  }

  /** How many of these ids the best of the texts begins with. */
  overlap(ids: readonly TokenId[]): number {
    return Math.max(0, ...this.#texts.map((text) => commonLength(text.ids, ids)));
  }

  /** A sequence of the first `length` of these ids, which `overlap` found; the caller closes it. */
  open(ids: readonly TokenId[], length: number): Sequence {
    const text = this.#texts.find((each) => commonLength(each.ids, ids) >= length);
    if (text === undefined) throw new RangeError(`no text that was read begins with ${length} ids`);
    this.#texts = [...this.#texts.filter((each) => each !== text), text];
    const sequence = text.sequence.fork();
    sequence.cut(length);
    return sequence;
  }

  /** Keeps a sequence, which is its own from now on; closes it where it is too short or already there. */
  keep(sequence: Sequence): void {
    const ids = sequence.tokens.map(({ id }) => id);
    const isKnown = this.#texts.some((text) => commonLength(text.ids, ids) === ids.length);
    if (ids.length < SHORTEST || isKnown) {
      sequence.close();
      return;
    }
    const shorter = this.#texts.filter((text) => commonLength(text.ids, ids) === text.ids.length);
    this.#drop(shorter);
    this.#texts = [...this.#texts, { ids, sequence }];
    this.makeRoom(this.#limits.positions);
  }

  /** Drops those that were not used for longest until no more than so many positions are held. */
  makeRoom(positions: number): void {
    while (this.#texts.length > this.#limits.texts || this.positions > positions) {
      const [oldest] = this.#texts;
      if (oldest === undefined) return;
      this.#drop([oldest]);
    }
  }

  #drop(dropped: readonly ReadText[]): void {
    for (const { sequence } of dropped) sequence.close();
    this.#texts = this.#texts.filter((text) => !dropped.includes(text));
  }
}

/** How many ids two texts begin with together. Example: [1, 2, 3], [1, 2, 4] -> 2. */
export function commonLength(a: readonly TokenId[], b: readonly TokenId[]): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i += 1) if (a[i] !== b[i]) return i;
  return end;
}
