// A sequence on the ONNX engine: its cache, and what was scored at each of its positions.

import {
  type AppendOptions,
  EngineError,
  type ScoredToken,
  type Sequence,
  type TokenId,
  type TokenScore,
  UsageError,
} from "@tokenscope/core";
import type { BodySession } from "./body-session.ts";
import { type HeadSession, keptScore } from "./head-session.ts";
import { checkIds } from "./known-ids.ts";
import type { KvCache } from "./kv-cache.ts";
import type { TurnQueue } from "./turn-queue.ts";

export interface SequenceOptions {
  readonly body: BodySession;
  readonly head: HeadSession;
  readonly queue: TurnQueue;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly passPositions: number;
}

/** Invariant: between passes, tokens.length === cache.length. */
export class OnnxSequence implements Sequence {
  readonly #options: SequenceOptions;
  readonly #cache: KvCache;
  #tokens: ScoredToken[];
  #isClosed = false;

  constructor(options: SequenceOptions, cache: KvCache, tokens: readonly ScoredToken[] = []) {
    this.#options = options;
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
    const { queue, passPositions } = this.#options;
    this.#checkOpen();
    this.#check(ids);
    for (let from = 0; from < ids.length; from += passPositions) {
      options.signal?.throwIfAborted();
      const chunk = ids.slice(from, from + passPositions);
      yield await queue.run(() => this.#pass(chunk));
    }
  }

  cut(length: number): void {
    this.#checkOpen();
    if (!Number.isInteger(length) || length < 0 || length > this.#tokens.length) {
      throw new RangeError(`cut: length ${length} is not in 0 to ${this.#tokens.length}`);
    }
    this.#tokens = this.#tokens.slice(0, length);
    this.#cache.length = length;
  }

  fork(): Sequence {
    this.#checkOpen();
    const cache = this.#cache.copy();
    cache.length = this.#tokens.length; // a pass under way may have written rows that are not scored yet
    return new OnnxSequence(this.#options, cache, this.#tokens);
  }

  close(): void {
    if (!this.#isClosed) this.cut(0);
    this.#isClosed = true;
  }

  /** A pass that fails, or whose sequence is cut or closed meanwhile, leaves no trace. */
  async #pass(ids: readonly TokenId[]): Promise<readonly ScoredToken[]> {
    const past = this.#tokens.length;
    try {
      const scored = await this.#scored(ids);
      this.#checkOpen();
      if (this.#tokens.length !== past) {
        throw new EngineError("the sequence was cut while it ran; append the tokens again");
      }
      this.#tokens.push(...scored);
      return scored;
    } finally {
      this.#cache.length = this.#tokens.length;
    }
  }

  async #scored(ids: readonly TokenId[]): Promise<readonly ScoredToken[]> {
    const { body, head } = this.#options;
    const first = await this.#firstScore(ids);
    const contexts = await body.pass(ids, this.#cache);
    const rows = await head.rows(contexts, [...ids.slice(1), 0]); // the last has no target yet: its score is not read
    return rows.map(({ prediction }, t): ScoredToken => {
      const score = t === 0 ? first : (rows[t - 1]?.targetScore ?? null);
      return { id: ids[t] ?? (0 as TokenId), score, prediction };
    });
  }

  /** The first id's score comes from the prediction before it, which an earlier pass made. */
  async #firstScore(ids: readonly TokenId[]): Promise<TokenScore | null> {
    const before = this.#tokens.at(-1)?.prediction;
    const id = ids[0];
    if (before === undefined || id === undefined) return null;
    const kept = keptScore(before, id);
    if (kept !== null || before.contextVector === null) return kept;
    const [score = null] = await this.#options.head.scores([before.contextVector], id);
    return score;
  }

  #check(ids: readonly TokenId[]): void {
    const { vocabularySize, contextLength } = this.#options;
    checkIds(ids, vocabularySize);
    const free = contextLength - this.#tokens.length;
    if (ids.length > free) {
      throw new UsageError(
        `${ids.length} tokens do not fit: ${this.#tokens.length} of ${contextLength} positions of the context are taken and ${free} are free; shorten the text`,
      );
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new EngineError("the sequence is closed; open another");
  }
}
