// Sequences that go through the layers together, behind a common beginning or each with its own. Knows no runtime.

import {
  type AppendOptions,
  type Batch,
  EngineError,
  type ScoredToken,
  type Sequence,
  type TokenId,
} from "@tokenscope/core";
import { type EngineParts, EngineSequence } from "./engine-sequence.ts";
import { checkIds, checkRoom } from "./known-ids.ts";
import { type Cache, NO_LOOK } from "./runtime.ts";
import { scoredParts } from "./scoring.ts";

interface Member {
  readonly cache: Cache;
  tokens: readonly ScoredToken[];
  hasLeft: boolean;
}

interface MemberPart {
  readonly member: Member;
  readonly ids: readonly TokenId[];
}

/** `count` members that all begin with what this sequence holds; throws RangeError for a sequence of another engine. */
export function openBatch(parts: EngineParts, beginning: Sequence, count: number): Batch {
  if (!(beginning instanceof EngineSequence && beginning.isOf(parts))) {
    throw new RangeError("openBatch: a batch begins with a sequence of the same engine");
  }
  const [anchor, ...caches] = beginning.share(count + 1);
  if (anchor === undefined) throw new RangeError("openBatch: a beginning without a cache");
  return new EngineBatch(parts, { anchor, caches, beginning: beginning.tokens });
}

interface BatchCaches {
  /** Never runs: what joins finds its place beside it, even where all members have left. */
  readonly anchor: Cache;
  readonly caches: readonly Cache[];
  readonly beginning: readonly ScoredToken[];
}

/** Invariant: between passes, each member's tokens.length === its cache.length. */
class EngineBatch implements Batch {
  readonly #parts: EngineParts;
  readonly #anchor: Cache;
  readonly #members: Member[];
  #isRunning = false;
  #isClosed = false;

  constructor(parts: EngineParts, { anchor, caches, beginning }: BatchCaches) {
    this.#parts = parts;
    this.#anchor = anchor;
    this.#members = caches.map((cache) => openMember(cache, beginning));
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
    const members = [...this.#members]; // others may join meanwhile
    const before = members.map(({ tokens }) => tokens.length);
    for (const pass of passesOf(members, parts, this.#parts.passRows)) {
      options.signal?.throwIfAborted();
      await this.#parts.queue.run(() => this.#pass(pass));
    }
    return members.map(({ tokens }, i) => tokens.slice(before[i]));
  }

  join(sequence: Sequence): number {
    this.#checkOpen();
    if (!(sequence instanceof EngineSequence && sequence.isOf(this.#parts))) {
      throw new RangeError("join: a member begins with a sequence of the same engine");
    }
    const member = openMember(sequence.joinTo(this.#anchor), sequence.tokens);
    const left = this.#members.findIndex(({ hasLeft }) => hasLeft);
    const place = left < 0 ? this.#members.length : left;
    this.#members[place] = member;
    return place;
  }

  fork(member: number): Sequence {
    this.#checkOpen();
    const { cache, tokens } = this.#memberAt(member);
    const own = cache.fork();
    own.cut(tokens.length); // a pass under way may have written rows that are not scored yet
    return new EngineSequence(this.#parts, own, tokens);
  }

  leave(member: number): void {
    this.#checkOpen();
    const leaving = this.#memberAt(member);
    leaving.hasLeft = true;
    leaving.tokens = [];
    if (!this.#isRunning) leaving.cache.close(); // else the pass closes it when it ends
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const member of this.#members) {
      member.tokens = [];
      member.cache.close();
    }
    this.#anchor.close();
  }

  /** A pass that fails, or whose batch is closed meanwhile, leaves no trace. */
  async #pass(parts: readonly MemberPart[]): Promise<void> {
    const before = [...this.#members];
    const here = parts.filter(({ member }) => !member.hasLeft);
    this.#isRunning = true;
    try {
      this.#checkOpen();
      const { contextLength } = this.#parts;
      for (const { member, ids } of here) {
        checkRoom(ids.length, { taken: member.tokens.length, contextLength }); // another append may have come first
      }
      if (here.length > 0) await this.#run(here);
    } finally {
      this.#isRunning = false;
      for (const { cache, tokens, hasLeft } of before) {
        cache.cut(tokens.length);
        if (hasLeft) cache.close();
      }
    }
  }

  async #run(parts: readonly MemberPart[]): Promise<void> {
    const { body } = this.#parts;
    const bodyParts = parts.map(({ member, ids }) => ({ cache: member.cache, ids }));
    const { contexts } = await body.pass(bodyParts, NO_LOOK);
    const scoringParts = parts.map(({ member, ids }) => ({
      ids,
      before: member.tokens.at(-1)?.prediction ?? null,
    }));
    const scored = await scoredParts(this.#parts, scoringParts, contexts);
    this.#checkOpen();
    for (const [i, { member }] of parts.entries()) {
      if (!member.hasLeft) member.tokens = [...member.tokens, ...(scored[i] ?? [])];
    }
  }

  #check(parts: readonly (readonly TokenId[])[]): void {
    const { vocabularySize, contextLength } = this.#parts;
    if (parts.length !== this.#members.length) {
      throw new RangeError(
        `append: ${parts.length} parts for ${this.#members.length} members; give [] for none`,
      );
    }
    for (const [i, { tokens, hasLeft }] of this.#members.entries()) {
      const ids = parts[i] ?? [];
      if (hasLeft && ids.length > 0) throw hasLeftError(i);
      checkIds(ids, vocabularySize);
      checkRoom(ids.length, { taken: tokens.length, contextLength });
    }
  }

  #memberAt(place: number): Member {
    const member = this.#members[place];
    if (member === undefined || member.hasLeft) throw hasLeftError(place);
    return member;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new EngineError("the batch is closed; open another");
  }
}

function openMember(cache: Cache, tokens: readonly ScoredToken[]): Member {
  return { cache, tokens: [...tokens], hasLeft: false };
}

function hasLeftError(place: number): RangeError {
  return new RangeError(`the batch has no member ${place}; it never joined, or has left`);
}

/** The ids of all parts, member by member, in as many passes as their sum takes. */
function passesOf(
  members: readonly Member[],
  parts: readonly (readonly TokenId[])[],
  passRows: number,
): readonly (readonly MemberPart[])[] {
  const passes: MemberPart[][] = [];
  let free = 0;
  for (const [i, member] of members.entries()) {
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
