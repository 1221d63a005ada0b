// Two runtimes as one: the kernel takes passes of a few rows, ONNX Runtime those of many. Each is the quicker one there
// (docs/decisions/0003); both hold their own weights and their own cache, and what one has run the other learns when it runs next.

import type { TokenId, TokenScore } from "@tokenscope/core";
import type { Body, Cache, Head, HeadRow, Look, Part, PassResult } from "./runtime.ts";

/** Keys and values of positions, for each layer [n, K, D]: how they pass from one runtime's cache to the other's. */
export interface CacheRows {
  readonly count: number;
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

/** A cache whose rows can be read, and written behind what it has. */
export interface OpenCache extends Cache {
  rowsFrom(first: number): CacheRows;
  add(rows: CacheRows): void;
  fork(): OpenCache;
  share(count: number): readonly OpenCache[];
}

/** A body with such caches. */
export interface OpenBody extends Body {
  openCache(): OpenCache;
}

export interface ByRows<Runtime> {
  readonly few: Runtime;
  readonly many: Runtime;
  /** Rows from which `many` is quicker. */
  readonly manyRows: number;
}

/** Invariant: the longer of the two caches has all positions, and the shorter one a beginning of them. */
class CacheByRows implements Cache {
  readonly few: OpenCache;
  readonly many: OpenCache;

  constructor(few: OpenCache, many: OpenCache) {
    this.few = few;
    this.many = many;
  }

  get length(): number {
    return Math.max(this.few.length, this.many.length);
  }

  cut(length: number): void {
    for (const cache of [this.few, this.many]) if (cache.length > length) cache.cut(length);
  }

  fork(): CacheByRows {
    return new CacheByRows(this.few.fork(), this.many.fork());
  }

  share(count: number): readonly CacheByRows[] {
    catchUp(this.many, this.few); // a pool holds a common beginning once, and only what it has when it is shared
    const many = this.many.share(count);
    return this.few
      .share(count)
      .flatMap((few, i) => (many[i] === undefined ? [] : [new CacheByRows(few, many[i])]));
  }

  close(): void {
    this.few.close();
    this.many.close();
  }
}

function catchUp(cache: OpenCache, other: OpenCache): void {
  if (cache.length < other.length) cache.add(other.rowsFrom(cache.length));
}

/** Passes of both, counted together. */
export class BodyByRows implements Body {
  readonly #bodies: ByRows<OpenBody>;

  constructor(bodies: ByRows<OpenBody>) {
    this.#bodies = bodies;
  }

  get runs(): number {
    return this.#bodies.few.runs + this.#bodies.many.runs;
  }

  openCache(): Cache {
    return new CacheByRows(this.#bodies.few.openCache(), this.#bodies.many.openCache());
  }

  pass(parts: readonly Part[], look: Look): Promise<PassResult> {
    const rows = parts.reduce((sum, { ids }) => sum + ids.length, 0);
    const isFew = rows < this.#bodies.manyRows;
    const own = parts.map(({ cache, ids }) => ({ cache: turned(cache, isFew), ids }));
    return (isFew ? this.#bodies.few : this.#bodies.many).pass(own, look);
  }

  async release(): Promise<void> {
    await this.#bodies.few.release();
    await this.#bodies.many.release();
  }
}

/** The one of the two caches that runs next, with all positions. */
function turned(cache: Cache, isFew: boolean): OpenCache {
  if (!(cache instanceof CacheByRows)) throw new RangeError("pass: a cache of another runtime");
  const [own, other] = isFew ? [cache.few, cache.many] : [cache.many, cache.few];
  catchUp(own, other);
  return own;
}

/** Heads of both, counted together. */
export class HeadByRows implements Head {
  readonly #heads: ByRows<Head>;

  constructor(heads: ByRows<Head>) {
    this.#heads = heads;
  }

  get runs(): number {
    return this.#heads.few.runs + this.#heads.many.runs;
  }

  rows(contexts: Float32Array, targets: readonly number[]): Promise<readonly HeadRow[]> {
    return this.#of(targets.length).rows(contexts, targets);
  }

  scores(contextVectors: readonly Float32Array[], id: TokenId): Promise<readonly TokenScore[]> {
    return this.#of(contextVectors.length).scores(contextVectors, id);
  }

  logits(contextVector: Float32Array): Promise<Float32Array> {
    return this.#heads.few.logits(contextVector);
  }

  async release(): Promise<void> {
    await this.#heads.few.release();
    await this.#heads.many.release();
  }

  #of(rows: number): Head {
    return rows < this.#heads.manyRows ? this.#heads.few : this.#heads.many;
  }
}
