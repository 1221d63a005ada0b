// The key/value cache in pages of 64 positions, all layers of a position in one page. Sequences that begin alike share pages.

import type { ModelShape } from "../architecture.ts";
import type { Cache } from "../runtime.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import { CACHE_PAGE_POSITIONS } from "./layout.ts";

interface Page {
  readonly address: number;
  uses: number;
}

/** Pages in the kernel's memory; those that no cache holds are given out again. */
export class PagePool {
  readonly #memory: KernelMemory;
  readonly #pageBytes: number;
  readonly #free: number[] = [];

  constructor(memory: KernelMemory, { layers, keyValueHeads, headWidth }: ModelShape) {
    this.#memory = memory;
    this.#pageBytes = layers * 2 * keyValueHeads * CACHE_PAGE_POSITIONS * headWidth * 4;
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

  leave(page: Page): void {
    page.uses -= 1;
    if (page.uses === 0) this.#free.push(page.address);
  }
}

/** One sequence's pages. Invariant: pages before the one that holds position `length` are full, and a page with several uses is never written. */
export class PagedCache implements Cache {
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
    const held = Math.floor(this.#length / CACHE_PAGE_POSITIONS);
    const written = this.#pages[held];
    if (written !== undefined && written.uses > 1 && count > 0) {
      this.#pages[held] = this.#pool.copy(written);
      this.#pool.leave(written);
    }
    const needed = Math.ceil((this.#length + count) / CACHE_PAGE_POSITIONS);
    while (this.#pages.length < needed) this.#pages.push(this.#pool.take());
  }

  grow(count: number): void {
    this.#length += count;
  }

  cut(length: number): void {
    this.#length = length;
    const needed = Math.ceil(length / CACHE_PAGE_POSITIONS);
    for (const page of this.#pages.splice(needed)) this.#pool.leave(page);
  }

  fork(): PagedCache {
    for (const page of this.#pages) page.uses += 1;
    return new PagedCache(this.#pool, this.#pages, this.#length);
  }

  share(count: number): readonly PagedCache[] {
    return Array.from({ length: count }, () => this.fork());
  }

  close(): void {
    this.cut(0);
  }
}
