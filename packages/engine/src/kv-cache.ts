// Keys and values in memory: a pool of rows [K, D] for each layer, and caches that each say which rows of a pool are theirs.

import type { ModelShape } from "./architecture.ts";
import type { Cache, CacheRows, OpenCache } from "./runtime.ts";

type CacheShape = Pick<ModelShape, "layers" | "keyValueHeads" | "headWidth">;

const FIRST_CAPACITY = 64; // positions

/** Rows of a pool, one after another, that hold as many positions of one sequence. */
export interface Stretch {
  readonly row: number;
  readonly position: number;
  readonly count: number;
  /** True where other caches of the pool have these rows too. */
  readonly isCommon: boolean;
}

/** The rows of one sequence, or of several that share their beginning. Invariant: every layer holds `rows` rows; those beyond are garbage. */
export class KvPool {
  rows = 0; // P of a pass over this pool
  readonly shape: CacheShape;
  readonly members = new Set<KvCache>();
  readonly #rowFloats: number;
  readonly #keys: Float32Array[];
  readonly #values: Float32Array[];

  constructor(shape: CacheShape) {
    this.shape = shape;
    this.#rowFloats = shape.keyValueHeads * shape.headWidth;
    const buffers = () =>
      Array.from(
        { length: shape.layers },
        () => new Float32Array(FIRST_CAPACITY * this.#rowFloats),
      );
    this.#keys = buffers();
    this.#values = buffers();
  }

  /** A layer's keys so far: a view [P, K, D], not a copy. */
  keys(layer: number): Float32Array {
    return this.#past(this.#keys, layer);
  }

  /** A layer's values so far: a view [P, K, D], not a copy. */
  values(layer: number): Float32Array {
    return this.#past(this.#values, layer);
  }

  /** Writes a layer's new rows [T, K, D] behind the past; they count once `rows` has grown. */
  write(layer: number, keys: Float32Array, values: Float32Array): void {
    this.#writeRows(this.#keys, layer, keys);
    this.#writeRows(this.#values, layer, values);
  }

  /** Writes rows of another pool behind the past. */
  copy(from: KvPool, stretches: readonly Stretch[]): void {
    for (const { row, count } of stretches) {
      const [start, end] = [row * this.#rowFloats, (row + count) * this.#rowFloats];
      for (let layer = 0; layer < this.shape.layers; layer += 1) {
        const keys = from.keys(layer).subarray(start, end);
        this.write(layer, keys, from.values(layer).subarray(start, end));
      }
      this.rows += count;
    }
  }

  /** Takes rows out; those behind move up, for all members. */
  remove(row: number, count: number): void {
    const [to, from] = [row * this.#rowFloats, (row + count) * this.#rowFloats];
    const end = this.rows * this.#rowFloats;
    if (from < end) {
      for (const buffer of [...this.#keys, ...this.#values]) buffer.copyWithin(to, from, end);
      for (const member of this.members) member.moveUp(row, count);
    }
    this.rows -= count;
  }

  #past(buffers: readonly Float32Array[], layer: number): Float32Array {
    return this.#buffer(buffers, layer).subarray(0, this.rows * this.#rowFloats);
  }

  #writeRows(buffers: Float32Array[], layer: number, rows: Float32Array): void {
    const from = this.rows * this.#rowFloats;
    let buffer = this.#buffer(buffers, layer);
    if (from + rows.length > buffer.length) {
      const grown = new Float32Array(Math.max(buffer.length * 2, from + rows.length));
      grown.set(buffer.subarray(0, from));
      buffers[layer] = grown;
      buffer = grown;
    }
    buffer.set(rows, from);
  }

  #buffer(buffers: readonly Float32Array[], layer: number): Float32Array {
    const buffer = buffers[layer];
    if (buffer === undefined) throw new RangeError(`KvPool: no layer ${layer}`);
    return buffer;
  }
}

/** The positions of one sequence in a pool. */
export class KvCache implements OpenCache {
  readonly pool: KvPool;
  #stretches: readonly Stretch[]; // in the order of positions, with no gap

  constructor(pool: KvPool, stretches: readonly Stretch[] = []) {
    this.pool = pool;
    this.#stretches = stretches;
    pool.members.add(this);
  }

  get length(): number {
    const last = this.#stretches.at(-1);
    return last === undefined ? 0 : last.position + last.count;
  }

  /** Where its positions are in the pool. */
  get stretches(): readonly Stretch[] {
    return this.#stretches;
  }

  /** Takes `count` rows of the pool from `row` on as its next positions. */
  grow(row: number, count: number): void {
    const last = this.#stretches.at(-1);
    if (last !== undefined && !last.isCommon && last.row + last.count === row) {
      const longer = { ...last, count: last.count + count };
      this.#stretches = [...this.#stretches.slice(0, -1), longer];
    } else {
      const next = { row, position: this.length, count, isCommon: false };
      this.#stretches = [...this.#stretches, next];
    }
  }

  cut(length: number): void {
    for (const { row, position, count, isCommon } of this.#stretches.toReversed()) {
      const kept = Math.min(count, Math.max(0, length - position));
      if (kept === count) break;
      const shorter = this.#stretches.slice(0, -1);
      this.#stretches =
        kept === 0 ? shorter : [...shorter, { row, position, count: kept, isCommon }];
      if (!isCommon) this.pool.remove(row + kept, count - kept);
    }
  }

  /** Follows a pool that took `count` rows out at `row`. */
  moveUp(row: number, count: number): void {
    this.#stretches = this.#stretches.map((stretch) =>
      stretch.row > row ? { ...stretch, row: stretch.row - count } : stretch,
    );
  }

  rowsFrom(first: number): CacheRows {
    const own = new KvPool(this.pool.shape);
    const wanted = this.#stretches.flatMap(({ row, position, count, isCommon }) => {
      const skipped = Math.min(count, Math.max(0, first - position));
      return [{ row: row + skipped, position, count: count - skipped, isCommon }];
    });
    own.copy(this.pool, wanted);
    const layers = Array.from({ length: this.pool.shape.layers }, (_, layer) => layer);
    return {
      count: own.rows,
      keys: layers.map((layer) => own.keys(layer)),
      values: layers.map((layer) => own.values(layer)),
    };
  }

  add({ count, keys, values }: CacheRows): void {
    const row = this.pool.rows;
    for (const [layer, ofLayer] of keys.entries()) {
      this.pool.write(layer, ofLayer, values[layer] ?? new Float32Array());
    }
    this.pool.rows += count;
    this.grow(row, count);
  }

  fork(): KvCache {
    const { pool, count } = this.#copied();
    return new KvCache(pool, stretchOf(count, false));
  }

  share(count: number): readonly KvCache[] {
    const copied = this.#copied();
    const stretches = stretchOf(copied.count, true);
    return Array.from({ length: count }, () => new KvCache(copied.pool, stretches));
  }

  join(cache: Cache): KvCache {
    if (!(cache instanceof KvCache)) throw new RangeError("join: a cache of another runtime");
    const joined = new KvCache(this.pool);
    joined.add(cache.rowsFrom(0));
    return joined;
  }

  close(): void {
    this.cut(0);
    this.pool.members.delete(this);
  }

  #copied(): { readonly pool: KvPool; readonly count: number } {
    const pool = new KvPool(this.pool.shape);
    pool.copy(this.pool, this.#stretches);
    return { pool, count: this.length };
  }
}

function stretchOf(count: number, isCommon: boolean): readonly Stretch[] {
  return count === 0 ? [] : [{ row: 0, position: 0, count, isCommon }];
}
