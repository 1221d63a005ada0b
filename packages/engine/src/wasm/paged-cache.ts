// The key/value cache in pages of some positions, all layers of a position in one page. Sequences that begin alike share pages.

import type { Precision } from "@tokenscope/core";
import type { ModelShape } from "../architecture.ts";
import type { Cache, CacheRows, OpenCache } from "../runtime.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import { cachePageBits, isCacheShort } from "./layout.ts";

interface Page {
  readonly address: number;
  uses: number;
}

const LARGEST = 32_767; // of an element of 16 bits
const SCALE_BYTES = 4;

/** Pages in the kernel's memory; those that no cache holds are given out again. Each is a stretch for each layer, keys or values, and head, as kernel/cache.ts lays it. */
export class PagePool {
  readonly #memory: KernelMemory;
  readonly #pageBytes: number;
  readonly #rowBytes: number; // of a position in a stretch
  readonly #stretchBytes: number;
  readonly #isShort: boolean;
  readonly #free: number[] = [];
  readonly shape: ModelShape;
  readonly pagePositions: number;

  constructor(memory: KernelMemory, shape: ModelShape, precision: Precision) {
    const { layers, keyValueHeads, headWidth } = shape;
    this.#memory = memory;
    this.#isShort = isCacheShort(precision);
    this.shape = shape;
    this.pagePositions = 2 ** cachePageBits(shape);
    this.#rowBytes = headWidth * (this.#isShort ? 2 : 4);
    this.#stretchBytes = this.pagePositions * (this.#rowBytes + (this.#isShort ? SCALE_BYTES : 0));
    this.#pageBytes = layers * 2 * keyValueHeads * this.#stretchBytes;
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

  /** Reads a position's row [D] of a stretch. */
  readRow(page: Page, stretch: number, position: number, row: Float32Array): void {
    const { floats, shorts, scale } = this.#row(page, stretch, position);
    if (floats !== null) row.set(floats);
    else for (const [i, short] of shorts.entries()) row[i] = short * (scale[0] ?? 0);
  }

  /** Writes it; in 16 bits it is rounded as the kernel rounds. */
  writeRow(page: Page, stretch: number, position: number, row: Float32Array): void {
    const { floats, shorts, scale } = this.#row(page, stretch, position);
    if (floats !== null) {
      floats.set(row);
      return;
    }
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30); // all zeros stay zeros
    scale[0] = largest / LARGEST;
    for (const [i, value] of row.entries()) shorts[i] = Math.round((value * LARGEST) / largest);
  }

  #row({ address }: Page, stretch: number, position: number) {
    const start = address + stretch * this.#stretchBytes;
    const place = position % this.pagePositions;
    const at = start + place * this.#rowBytes;
    const { headWidth: D } = this.shape;
    if (!this.#isShort) return { floats: this.#memory.floats(at, D) } as const;
    const scaleAt = start + this.pagePositions * this.#rowBytes + place * SCALE_BYTES;
    const [shorts, scale] = [this.#memory.shorts(at, D), this.#memory.floats(scaleAt, 1)];
    return { floats: null, shorts, scale } as const;
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
    this.#each(first, rows, (...place) => this.#pool.readRow(...place));
    return rows;
  }

  add(rows: CacheRows): void {
    const first = this.#length;
    this.reserve(rows.count);
    this.#length += rows.count;
    this.#each(first, rows, (...place) => this.#pool.writeRow(...place));
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

  /** Names each head's row of each position from `first` on: its place in the pages, and its D floats in the rows. */
  #each(
    first: number,
    { count, keys, values }: CacheRows,
    visit: (page: Page, stretch: number, position: number, row: Float32Array) => void,
  ): void {
    const { keyValueHeads: K, headWidth: D } = this.#pool.shape;
    for (let i = 0; i < count; i += 1) {
      const position = first + i;
      const page = this.#pages[Math.floor(position / this.#pool.pagePositions)];
      if (page === undefined) throw new RangeError(`PagedCache: no page for position ${position}`);
      for (const [part, buffers] of [keys, values].entries()) {
        for (const [layer, buffer] of buffers.entries()) {
          for (let head = 0; head < K; head += 1) {
            const from = (i * K + head) * D;
            visit(page, (layer * 2 + part) * K + head, position, buffer.subarray(from, from + D));
          }
        }
      }
    }
  }
}
