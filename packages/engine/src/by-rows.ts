// Two runtimes as one: the kernel, which is ready at once, takes passes of a few rows; ONNX Runtime, which is quicker at many and
// takes seconds to prepare, those of many once that pays (docs/decisions/0005). Both hold their own weights and their own cache,
// and what one has run the other learns when it runs next.

import { EngineError, type TokenId, type TokenScore } from "@tokenscope/core";
import type {
  Body,
  Cache,
  Head,
  HeadRow,
  Look,
  OpenBody,
  OpenCache,
  Part,
  PassResult,
  RuntimeParts,
} from "./runtime.ts";

interface LateOptions {
  readonly paysFromRows: number;
  /** Hears why it could not be prepared; the other runtime goes on alone. */
  readonly onFailure: (error: unknown) => void;
}

/** The runtime of many rows: it is prepared once so many rows have been asked for that it pays, and then takes them. */
export class LateRuntime {
  readonly #load: () => Promise<RuntimeParts>;
  readonly #onFailure: (error: unknown) => void;
  #paysFromRows: number;
  #rows = 0;
  #ready: RuntimeParts | null = null;

  constructor(load: () => Promise<RuntimeParts>, { paysFromRows, onFailure }: LateOptions) {
    this.#load = load;
    this.#paysFromRows = paysFromRows;
    this.#onFailure = onFailure;
  }

  /** What is ready now. */
  get ready(): RuntimeParts | null {
    return this.#ready;
  }

  /** Prepares it at once; throws what loading throws. */
  async prepare(): Promise<void> {
    this.#ready ??= await this.#load();
  }

  /** The runtime for a run of so many rows, or null while it does not pay yet; and for good where it cannot be prepared, since the other one can go on alone. Runs take turns, so that two never prepare it at once. */
  async of(rows: number): Promise<RuntimeParts | null> {
    this.#rows += rows;
    if (this.#ready === null && this.#rows >= this.#paysFromRows) {
      await this.prepare().catch((error: unknown) => {
        this.#paysFromRows = Number.POSITIVE_INFINITY;
        this.#onFailure(error);
      });
    }
    return this.#ready;
  }

  async release(): Promise<void> {
    await this.#ready?.body.release();
    await this.#ready?.head.release();
  }
}

export interface ByRows<Few> {
  readonly few: Few;
  readonly late: LateRuntime;
  /** Rows from which the late runtime is quicker. */
  readonly manyRows: number;
}

/** Members of a batch, whose rows of many must lie in one pool. */
interface Group {
  readonly members: CacheByRows[];
  common: number; // positions that all have from their beginning; fewer once a member is cut below
}

/** Invariant: the longer of the two caches has all positions, and the shorter one a beginning of them; there is no second one before the late runtime has run. */
class CacheByRows implements Cache {
  readonly few: OpenCache;
  many: OpenCache | null;
  readonly group: Group | null;

  constructor(few: OpenCache, many: OpenCache | null, group: Group | null) {
    this.few = few;
    this.many = many;
    this.group = group;
  }

  get length(): number {
    return Math.max(this.few.length, this.many?.length ?? 0);
  }

  cut(length: number): void {
    if (this.group !== null) this.group.common = Math.min(this.group.common, length);
    for (const cache of [this.few, this.many]) {
      if (cache !== null && cache.length > length) cache.cut(length);
    }
  }

  /** A member's fork leaves its rows of many to the batch: it has a second cache again when it runs there. */
  fork(): CacheByRows {
    if (this.group === null)
      return new CacheByRows(this.few.fork(), this.many?.fork() ?? null, null);
    return new CacheByRows(this.#caughtUp().fork(), null, null);
  }

  share(count: number): readonly CacheByRows[] {
    const group: Group = { members: [], common: this.length };
    for (const few of this.#caughtUp().share(count)) {
      group.members.push(new CacheByRows(few, null, group));
    }
    return [...group.members];
  }

  join(cache: Cache): CacheByRows {
    if (this.group === null || !(cache instanceof CacheByRows)) {
      throw new RangeError("join: a cache of another runtime, or one that was not shared");
    }
    const joined = new CacheByRows(this.few.join(cache.#caughtUp()), null, this.group);
    this.group.members.push(joined);
    this.group.common = 0; // what joins begins with rows of its own
    return joined;
  }

  close(): void {
    this.few.close();
    this.many?.close();
    const place = this.group?.members.indexOf(this) ?? -1;
    if (place >= 0) this.group?.members.splice(place, 1);
  }

  #caughtUp(): OpenCache {
    if (this.many !== null) catchUp(this.few, this.many);
    return this.few;
  }
}

function catchUp(cache: OpenCache, other: OpenCache): void {
  if (cache.length < other.length) cache.add(other.rowsFrom(cache.length));
}

/** The late runtime's cache of these positions; a batch's members get theirs together, in one pool. */
function lateCache(cache: CacheByRows, body: OpenBody): OpenCache {
  if (cache.many === null && cache.group !== null) placeInPool(cache, cache.group, body);
  cache.many ??= body.openCache();
  catchUp(cache.many, cache.few);
  return cache.many;
}

/** Gives all members their place in one pool that holds their beginning once; one that joined later gets its own beside them. */
function placeInPool(cache: CacheByRows, { members, common }: Group, body: OpenBody): void {
  const placed = members.find(({ many }) => many !== null);
  const beginning = body.openCache();
  if (placed?.many) {
    cache.many = placed.many.join(beginning);
    return;
  }
  beginning.add(cache.few.rowsFrom(0));
  beginning.cut(common);
  const shared = beginning.share(members.length);
  for (const [i, member] of members.entries()) member.many = shared[i] ?? null;
  beginning.close();
}

/** Passes of both, counted together. */
export class BodyByRows implements Body {
  readonly #bodies: ByRows<OpenBody>;

  constructor(bodies: ByRows<OpenBody>) {
    this.#bodies = bodies;
  }

  get runs(): number {
    const { few, late } = this.#bodies;
    return few.runs + (late.ready?.body.runs ?? 0);
  }

  openCache(): Cache {
    return new CacheByRows(this.#bodies.few.openCache(), null, null);
  }

  async pass(parts: readonly Part[], look: Look): Promise<PassResult> {
    const { few, late, manyRows } = this.#bodies;
    const rows = parts.reduce((sum, { ids }) => sum + ids.length, 0);
    const before = parts.map(({ cache }) => cache.length);
    const many = rows < manyRows ? null : await late.of(rows);
    if (parts.some(({ cache }, i) => cache.length !== before[i])) {
      throw new EngineError(
        "the sequence was cut while the runtime was prepared; append the tokens again",
      );
    }
    const own = parts.map(({ cache, ids }) => {
      if (!(cache instanceof CacheByRows)) throw new RangeError("pass: a cache of another runtime");
      if (many !== null) return { cache: lateCache(cache, many.body), ids };
      if (cache.many !== null) catchUp(cache.few, cache.many);
      return { cache: cache.few, ids };
    });
    return (many?.body ?? few).pass(own, look);
  }

  async release(): Promise<void> {
    await this.#bodies.few.release();
    await this.#bodies.late.release();
  }
}

/** Heads of both, counted together. */
export class HeadByRows implements Head {
  readonly #heads: ByRows<Head>;

  constructor(heads: ByRows<Head>) {
    this.#heads = heads;
  }

  get runs(): number {
    const { few, late } = this.#heads;
    return few.runs + (late.ready?.head.runs ?? 0);
  }

  async rows(contexts: Float32Array, targets: readonly number[]): Promise<readonly HeadRow[]> {
    return this.#of(targets.length).rows(contexts, targets);
  }

  async scores(
    contextVectors: readonly Float32Array[],
    id: TokenId,
  ): Promise<readonly TokenScore[]> {
    return this.#of(contextVectors.length).scores(contextVectors, id);
  }

  logits(contextVector: Float32Array): Promise<Float32Array> {
    return this.#heads.few.logits(contextVector);
  }

  tokenVector(id: TokenId): Float32Array {
    return this.#heads.few.tokenVector(id);
  }

  /** The late head is released with its body. */
  release(): Promise<void> {
    return this.#heads.few.release();
  }

  /** The late runtime's where it is there: a pass decides whether it pays, the head follows. */
  #of(rows: number): Head {
    const { few, late, manyRows } = this.#heads;
    return rows < manyRows ? few : (late.ready?.head ?? few);
  }
}
