// A sequence on a loaded engine: its cache, and what was scored at each of its positions. Knows no runtime.

import {
  type AppendOptions,
  checkInspection,
  EngineError,
  type ScoredToken,
  type Sequence,
  type TokenId,
} from "@tokenscope/core";
import { checkIds, checkRoom } from "./known-ids.ts";
import { lookAt, withInsides } from "./looks.ts";
import type { RecentLogits } from "./recent-logits.ts";
import type { Body, Cache, Head } from "./runtime.ts";
import { scoredParts } from "./scoring.ts";
import type { TurnQueue } from "./turn-queue.ts";

/** What the sequences and batches of an engine share. */
export interface EngineParts {
  readonly body: Body;
  readonly head: Head;
  readonly recentLogits: RecentLogits;
  readonly queue: TurnQueue;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly layers: number;
  readonly heads: number;
  readonly hiddenWidth: number;
  /** Rows that one pass takes at most. */
  readonly passRows: number;
}

/** Invariant: between passes, tokens.length === cache.length. */
export class EngineSequence implements Sequence {
  readonly #parts: EngineParts;
  readonly #cache: Cache;
  #tokens: ScoredToken[];
  #isClosed = false;

  constructor(parts: EngineParts, cache: Cache, tokens: readonly ScoredToken[] = []) {
    this.#parts = parts;
    this.#cache = cache;
    this.#tokens = [...tokens];
  }

  get tokens(): readonly ScoredToken[] {
    return this.#tokens;
  }

  async *append(
    ids: readonly TokenId[],
    options: AppendOptions = {},
  ): AsyncGenerator<readonly ScoredToken[], void, void> {
    const { queue, passRows, vocabularySize, contextLength } = this.#parts;
    const { length } = this.#tokens;
    this.#checkOpen();
    checkIds(ids, vocabularySize);
    checkRoom(ids.length, { taken: length, contextLength });
    checkInspection(options, this.#parts, { first: length, count: ids.length });
    for (let from = 0; from < ids.length; from += passRows) {
      options.signal?.throwIfAborted();
      const chunk = ids.slice(from, from + passRows);
      yield await queue.run(() => this.#pass(chunk, options));
    }
  }

  cut(length: number): void {
    this.#checkOpen();
    if (!Number.isInteger(length) || length < 0 || length > this.#tokens.length) {
      throw new RangeError(`cut: length ${length} is not in 0 to ${this.#tokens.length}`);
    }
    this.#tokens = this.#tokens.slice(0, length);
    this.#cache.cut(length);
  }

  fork(): Sequence {
    this.#checkOpen();
    const cache = this.#cache.fork();
    cache.cut(this.#tokens.length); // a pass under way may have written rows that are not scored yet
    return new EngineSequence(this.#parts, cache, this.#tokens);
  }

  /** True where this is a sequence of the engine that these parts are of. */
  isOf(parts: EngineParts): boolean {
    return this.#parts === parts;
  }

  /** Caches of `count` sequences that begin with this one's tokens. */
  share(count: number): readonly Cache[] {
    this.#checkOpen();
    const caches = this.#cache.share(count);
    for (const cache of caches) cache.cut(this.#tokens.length); // as in fork
    return caches;
  }

  /** A cache with this one's rows beside a batch's. */
  joinTo(batch: Cache): Cache {
    this.#checkOpen();
    const cache = batch.join(this.#cache);
    cache.cut(this.#tokens.length); // as in fork
    return cache;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tokens = [];
    this.#cache.close();
  }

  /** A pass that fails, or whose sequence is cut or closed meanwhile, leaves no trace. */
  async #pass(ids: readonly TokenId[], options: AppendOptions): Promise<readonly ScoredToken[]> {
    const past = this.#tokens.length;
    try {
      this.#checkOpen();
      checkRoom(ids.length, { taken: past, contextLength: this.#parts.contextLength }); // another append may have come first
      const scored = await this.#scored(ids, options);
      this.#checkOpen();
      if (this.#tokens.length !== past) {
        throw new EngineError("the sequence was cut while it ran; append the tokens again");
      }
      this.#tokens.push(...scored);
      return scored;
    } finally {
      this.#cache.cut(this.#tokens.length);
    }
  }

  async #scored(ids: readonly TokenId[], options: AppendOptions): Promise<readonly ScoredToken[]> {
    const { body, heads } = this.#parts;
    const first = this.#tokens.length;
    const before = this.#tokens.at(-1)?.prediction ?? null;
    const look = lookAt(options, { first, count: ids.length }, heads);
    const result = await body.pass([{ cache: this.#cache, ids }], look);
    const [scored = []] = await scoredParts(this.#parts, [{ ids, before }], result.contexts);
    return withInsides(scored, options, { first, look, result });
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new EngineError("the sequence is closed; open another");
  }
}
