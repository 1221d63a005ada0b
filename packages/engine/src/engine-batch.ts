// Sequences behind a common beginning that go through the layers together. Knows no runtime.

import {
  type AppendOptions,
  type Batch,
  EngineError,
  type ScoredToken,
  type TokenId,
} from "@tokenscope/core";
import type { EngineParts } from "./engine-sequence.ts";
import { checkIds, checkRoom } from "./known-ids.ts";
import { type Cache, NO_LOOK } from "./runtime.ts";
import { scoredParts } from "./scoring.ts";

interface Member {
  readonly cache: Cache;
  tokens: readonly ScoredToken[];
}

interface MemberPart {
  readonly member: Member;
  readonly ids: readonly TokenId[];
}

/** Invariant: between passes, each member's tokens.length === its cache.length. */
export class EngineBatch implements Batch {
  readonly #parts: EngineParts;
  readonly #members: readonly Member[];
  #isClosed = false;

  constructor(parts: EngineParts, caches: readonly Cache[], beginning: readonly ScoredToken[]) {
    this.#parts = parts;
    this.#members = caches.map((cache) => ({ cache, tokens: [...beginning] }));
  }

  get members(): readonly (readonly ScoredToken[])[] {
    return this.#members.map(({ tokens }) => tokens);
  }

  async append(
    parts: readonly (readonly TokenId[])[],
    options: Pick<AppendOptions, "signal"> = {},
  ): Promise<readonly (readonly ScoredToken[])[]> {
    this.#checkOpen();
    this.#check(parts);
    const before = this.#members.map(({ tokens }) => tokens.length);
    for (const pass of this.#passes(parts)) {
      options.signal?.throwIfAborted();
      await this.#parts.queue.run(() => this.#pass(pass));
    }
    return this.#members.map(({ tokens }, i) => tokens.slice(before[i]));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const member of this.#members) {
      member.tokens = [];
      member.cache.close();
    }
  }

  /** The ids of all parts, member by member, in as many passes as their sum takes. */
  #passes(parts: readonly (readonly TokenId[])[]): readonly (readonly MemberPart[])[] {
    const { passRows } = this.#parts;
    const passes: MemberPart[][] = [];
    let free = 0;
    for (const [i, member] of this.#members.entries()) {
      const ids = parts[i] ?? [];
      for (let from = 0; from < ids.length; ) {
        if (free === 0) {
          passes.push([]);
          free = passRows;
        }
        const part = ids.slice(from, from + free);
        passes.at(-1)?.push({ member, ids: part });
        from += part.length;
        free -= part.length;
      }
    }
    return passes;
  }

  /** A pass that fails, or whose batch is closed meanwhile, leaves no trace. */
  async #pass(parts: readonly MemberPart[]): Promise<void> {
    const { body, head } = this.#parts;
    try {
      this.#checkOpen();
      const { contextLength } = this.#parts;
      for (const { member, ids } of parts) {
        checkRoom(ids.length, { taken: member.tokens.length, contextLength }); // another append may have come first
      }
      const bodyParts = parts.map(({ member, ids }) => ({ cache: member.cache, ids }));
      const { contexts } = await body.pass(bodyParts, NO_LOOK);
      const scoringParts = parts.map(({ member, ids }) => ({
        ids,
        before: member.tokens.at(-1)?.prediction ?? null,
      }));
      const scored = await scoredParts(head, scoringParts, contexts);
      this.#checkOpen();
      for (const [i, { member }] of parts.entries()) {
        member.tokens = [...member.tokens, ...(scored[i] ?? [])];
      }
    } finally {
      for (const { cache, tokens } of this.#members) cache.cut(tokens.length);
    }
  }

  #check(parts: readonly (readonly TokenId[])[]): void {
    const { vocabularySize, contextLength } = this.#parts;
    if (parts.length !== this.#members.length) {
      throw new RangeError(
        `append: ${parts.length} parts for ${this.#members.length} members; give [] for none`,
      );
    }
    for (const [i, { tokens }] of this.#members.entries()) {
      const ids = parts[i] ?? [];
      checkIds(ids, vocabularySize);
      checkRoom(ids.length, { taken: tokens.length, contextLength });
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new EngineError("the batch is closed; open another");
  }
}
