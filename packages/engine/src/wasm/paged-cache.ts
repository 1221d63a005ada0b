// The key/value cache in pages of some positions, all layers of a position in one page. Sequences that begin alike share pages.

import type { ModelShape } from "../architecture.ts";
import type { CacheRows, OpenCache } from "../by-rows.ts";
import type { Cache } from "../runtime.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import { cachePageBits } from "./layout.ts";

interface Page {
  readonly address: number;
  uses: number;
}

/** Pages in the kernel's memory; those that no cache holds are given out again. */
export class PagePool {
  readonly #memory: KernelMemory;
  readonly #pageBytes: number;
  readonly #free: number[] = [];
  readonly shape: ModelShape;
  readonly pagePositions: number;

  constructor(memory: KernelMemory, shape: ModelShape) {
    const { layers, keyValueHeads, headWidth } = shape;
    this.#memory = memory;
    this.shape = shape;
    this.pagePositions = 2 ** cachePageBits(shape);
    this.#pageBytes = layers * 2 * keyValueHeads * this.pagePositions * headWidth * 4;
  }

  openCache(): PagedCache {
    return new PagedCache(this, [], 0);
  }

  take(): Page {
    return { address: this.#free.pop() ?? this.#memory.allocate(this.#pageBytes), uses: 1 };
  }

  /** A page of its own with the same rows. */
  copy({ address }: Page): Page {
    const page = this.take();
    const from = this.#memory.bytes(address, this.#pageBytes);
    this.#memory.bytes(page.address, this.#pageBytes).set(from);
    return page;
  }

  /** A page's floats, where they lie. */
  floats({ address }: Page): Float32Array {
    return this.#memory.floats(address, this.#pageBytes / 4);
  }

  leave(page: Page): void {
    page.uses -= 1;
    if (page.uses === 0) this.#free.push(page.address);
  }
}

/** One sequence's pages. Invariant: pages before the one that holds position `length` are full, and a page with several uses is never written. */
export class PagedCache implements OpenCache {
  readonly #pool: PagePool;
  readonly #pages: Page[];
  #length: number;

  constructor(pool: PagePool, pages: readonly Page[], length: number) {
    this.#pool = pool;
    this.#pages = [...pages];
    this.#length = length;
  }

  get length(): number {
    return this.#length;
  }

  get addresses(): readonly number[] {
    return this.#pages.map(({ address }) => address);
  }

  /** Makes pages ready for `count` more positions, in memory of their own; they count once `grow` was called. */
  reserve(count: number): void {
    const held = Math.floor(this.#length / this.#pool.pagePositions);
    const written = this.#pages[held];
    if (written !== undefined && written.uses > 1 && count > 0) {
      this.#pages[held] = this.#pool.copy(written);
      this.#pool.leave(written);
    }
    const needed = Math.ceil((this.#length + count) / this.#pool.pagePositions);
    while (this.#pages.length < needed) this.#pages.push(this.#pool.take());
  }

  grow(count: number): void {
    this.#length += count;
  }

  cut(length: number): void {
    this.#length = length;
    const needed = Math.ceil(length / this.#pool.pagePositions);
    for (const page of this.#pages.splice(needed)) this.#pool.leave(page);
  }

  rowsFrom(first: number): CacheRows {
    const count = this.#length - first;
    const { layers, keyValueHeads, headWidth } = this.#pool.shape;
    const buffers = () =>
      Array.from({ length: layers }, () => new Float32Array(count * keyValueHeads * headWidth));
    const rows = { count, keys: buffers(), values: buffers() };
    this.#each(first, rows, (place, buffer) => buffer.set(place));
    return rows;
  }

  add(rows: CacheRows): void {
    const first = this.#length;
    this.reserve(rows.count);
    this.#length += rows.count;
    this.#each(first, rows, (place, buffer) => place.set(buffer));
  }

  fork(): PagedCache {
    for (const page of this.#pages) page.uses += 1;
    return new PagedCache(this.#pool, this.#pages, this.#length);
  }

  share(count: number): readonly PagedCache[] {
    return Array.from({ length: count }, () => this.fork());
  }

  /** All caches of the pool may run together. */
  join(cache: Cache): PagedCache {
    if (cache instanceof PagedCache && cache.#pool === this.#pool) return cache.fork();
    throw new RangeError("join: a cache of another runtime");
  }

  close(): void {
    this.cut(0);
  }

  /** Gives each head's D floats of each position from `first` on, in its page and in the rows. */
  #each(
    first: number,
    { count, keys, values }: CacheRows,
    visit: (place: Float32Array, buffer: Float32Array) => void,
  ): void {
    const P = this.#pool.pagePositions;
    const { keyValueHeads: K, headWidth: D } = this.#pool.shape;
    for (let i = 0; i < count; i += 1) {
      const position = first + i;
      const page = this.#pages[Math.floor(position / P)];
      if (page === undefined) throw new RangeError(`PagedCache: no page for position ${position}`);
      const floats = this.#pool.floats(page);
      for (const [part, buffers] of [keys, values].entries()) {
        for (const [layer, buffer] of buffers.entries()) {
          for (let head = 0; head < K; head += 1) {
            const stretch = (layer * 2 + part) * K + head; // [P, D], as kernel/attention.ts lays them
            const at = (stretch * P + (position % P)) * D;
            const from = (i * K + head) * D;
            visit(floats.subarray(at, at + D), buffer.subarray(from, from + D));
          }
        }
      }
    }
  }
}
