// Many jobs on one engine, step by step: a token of each that writes and a piece of each that reads in every pass, and between
// passes jobs come and go (continuous batching: Yu et al., "Orca", OSDI 2022). Knows ids and no text, no clock, no connection.

import type { Batch, Engine, Sequence } from "./engine.ts";
import { EngineError, UsageError } from "./errors.ts";
import type { Ending } from "./generate.ts";
import type { JobRequest, JobRun } from "./job.ts";
import { JobChannel } from "./job-channel.ts";
import { commonLength, ReadBeginnings } from "./read-beginnings.ts";
import { nextToken } from "./step.ts";
import type { TokenId } from "./token.ts";

export interface SchedulerLimits {
  readonly running: number; // jobs that have a place in the passes
  readonly waiting: number; // jobs in the queue; a request that would make it longer is refused
  readonly positions: number; // of the cache, held by all running jobs and by what was read before; one job may always take the whole context
  readonly readRows: number; // prompt tokens of a pass while others write: more make their tokens wait longer
  readonly keptTexts: number; // ended jobs whose tokens are kept for those that begin alike
}

export interface SchedulerOptions {
  readonly engine: Pick<
    Engine,
    "openSequence" | "openBatch" | "logits" | "vocabularySize" | "contextLength"
  >;
  readonly limits: SchedulerLimits;
  /** Runs between steps: lets the machine hear of requests that came and of readers that went. */
  readonly pause: () => Promise<void>;
}

export interface SchedulerStatus {
  readonly running: number;
  readonly waiting: number;
  readonly positions: number; // held by running jobs and kept texts
  readonly steps: number;
}

const READ_ROWS_ALONE = 256; // nobody waits for a token: as many as a pass takes

interface Job {
  readonly request: JobRequest;
  readonly owner: object;
  readonly channel: JobChannel;
  readonly ids: TokenId[]; // the prompt's and those written
  written: number;
  place: number | null; // in the batch; null while it waits
  sharedTokens: number;
  isPromptTold: boolean;
  toldTokens: number; // of a job that is followed
  ending: Ending | null; // known, and waiting for the last token to be run
}

interface Beginning {
  readonly length: number; // of the ids that are the same
  readonly ready: number; // of these, how many are read
  readonly open: (length: number) => Sequence;
}

/** Takes turns between jobs. The draws of a job are those of a generation of its own: they depend on seed and position alone. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #batch: Batch;
  readonly #read: ReadBeginnings;
  readonly #positions: number;
  #jobs: Job[] = []; // in the order they came
  #loop: Promise<void> | null = null;
  #steps = 0;
  #isClosed = false;

  constructor(options: SchedulerOptions) {
    const { engine, limits } = options;
    this.#options = options;
    this.#positions = Math.max(limits.positions, engine.contextLength);
    const positions = Math.floor(this.#positions / 2);
    this.#read = new ReadBeginnings({ texts: limits.keptTexts, positions });
    const beginning = engine.openSequence();
    this.#batch = engine.openBatch(beginning, 0);
    beginning.close();
  }

  get limits(): SchedulerLimits {
    return this.#options.limits;
  }

  get status(): SchedulerStatus {
    const running = this.#running().length;
    const waiting = this.#jobs.length - running;
    const positions = this.#heldPositions() + this.#read.positions;
    return { running, waiting, positions, steps: this.#steps };
  }

  /** Queues the jobs of one request, all or none: they take turns with those of others, and not before them. Throws UsageError for ids outside the vocabulary (400), a prompt that is empty or longer than the context (400), and a full queue (429). */
  submit(requests: readonly JobRequest[]): readonly JobRun[] {
    if (this.#isClosed) throw new EngineError("the model is closed; start the server again");
    for (const request of requests) checkPrompt(request, this.#options.engine);
    const { waiting } = this.status;
    const { limits } = this.#options;
    if (waiting + requests.length > limits.waiting) {
      throw new UsageError(
        `the queue has ${waiting} of at most ${limits.waiting} waiting jobs and this request asks for ${requests.length}; try again in a moment, or ask for fewer at once`,
        { httpStatus: 429 },
      );
    }
    const owner = {};
    const jobs = requests.map((request): Job => {
      const told = { sharedTokens: 0, isPromptTold: false, toldTokens: 0 };
      const state = { written: 0, place: null, ending: null, ...told };
      return { request, owner, channel: new JobChannel(), ids: [...request.promptIds], ...state };
    });
    this.#jobs.push(...jobs);
    this.#loop ??= this.#run();
    return jobs.map(({ channel }) => channel.read());
  }

  /** A sequence of these ids as far as texts that were kept begin with them; the caller closes it. */
  openRead(ids: readonly TokenId[]): Sequence {
    const length = this.#read.overlap(ids);
    return length === 0 ? this.#options.engine.openSequence() : this.#read.open(ids, length);
  }

  /** Fails the jobs that are left and frees what they hold; the engine stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#loop;
    this.#read.makeRoom(0);
    this.#batch.close();
  }

  /** Never rejects: what fails beside the jobs fails all of them, and the next request begins anew. */
  async #run(): Promise<void> {
    while (this.#jobs.length > 0) {
      try {
        await this.#step();
      } catch (error) {
        this.#failAll(error);
      }
    }
    this.#loop = null;
  }

  async #step(): Promise<void> {
    if (this.#isClosed) this.#failAll(new EngineError("the model was closed; ask again"));
    await this.#options.pause();
    this.#dropStopped();
    this.#admit();
    await this.#draw();
    await this.#pass();
    this.#steps += 1;
  }

  #running(): readonly Job[] {
    return this.#jobs.filter(({ place }) => place !== null);
  }

  /** Positions of running jobs, with those that are still to be read. */
  #heldPositions(): number {
    return this.#running().reduce((sum, { ids }) => sum + ids.length, 0);
  }

  #readTokens({ place }: Job): number {
    return place === null ? 0 : (this.#batch.members[place]?.length ?? 0);
  }

  #dropStopped(): void {
    for (const job of this.#jobs) {
      if (job.channel.isAbandoned || job.request.signal?.aborted) {
        this.#end(job, { kind: "aborted" });
      }
    }
  }

  /** Gives places to those who wait: first to the request with the fewest running jobs, then to the one that came first. */
  #admit(): void {
    const { limits } = this.#options;
    const passed = new Set<Job>();
    while (this.#running().length < limits.running) {
      const job = this.#nextWaiting(passed);
      if (job === null) return;
      passed.add(job);
      const needed = this.#heldPositions() + job.ids.length + 1;
      if (needed > this.#positions && this.#running().length > 0) return;
      try {
        this.#place(job);
      } catch (error) {
        this.#fail(job, error);
      }
      this.#read.makeRoom(this.#positions - this.#heldPositions());
    }
  }

  #nextWaiting(passed: ReadonlySet<Job>): Job | null {
    const runningOf = (owner: object) =>
      this.#running().filter((job) => job.owner === owner).length;
    let next: Job | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    for (const job of this.#jobs) {
      if (job.place !== null || passed.has(job)) continue;
      const running = runningOf(job.owner);
      if (running < fewest) [next, fewest] = [job, running];
    }
    return next;
  }

  /** Lets a job join behind what has been read of its text; where another one is still reading it, the job waits for that one. */
  #place(job: Job): void {
    const beginning = this.#beginningOf(job);
    if (beginning.ready < beginning.length) return;
    const sequence = beginning.open(beginning.length);
    try {
      job.place = this.#batch.join(sequence);
    } finally {
      sequence.close();
    }
    job.sharedTokens = Math.min(beginning.length, job.request.promptIds.length);
  }

  /** Who has most of this text: a running job, an ended one, or nobody. */
  #beginningOf({ ids }: Job): Beginning {
    const length = this.#read.overlap(ids);
    const open = (wanted: number) =>
      wanted === 0 ? this.#options.engine.openSequence() : this.#read.open(ids, wanted);
    let best: Beginning = { length, ready: length, open };
    for (const other of this.#running()) {
      const common = commonLength(other.ids, ids);
      const ready = Math.min(common, this.#readTokens(other));
      if (common < best.length || (common === best.length && ready <= best.ready)) continue;
      best = { length: common, ready, open: (wanted) => this.#forkOf(other, wanted) };
    }
    return best;
  }

  #forkOf({ place }: Job, length: number): Sequence {
    if (place === null) throw new RangeError("Scheduler: a fork of a job that has no place");
    const fork = this.#batch.fork(place);
    fork.cut(length);
    return fork;
  }

  /** The next token of each job whose text is read. */
  async #draw(): Promise<void> {
    for (const job of this.#running()) {
      if (this.#readTokens(job) < job.ids.length) continue;
      try {
        const ending = await this.#drawOf(job);
        if (ending !== null) this.#end(job, ending);
      } catch (error) {
        this.#fail(job, error);
      }
    }
  }

  async #drawOf(job: Job): Promise<Ending | null> {
    const { request, channel } = job;
    const { maxTokens, settings, seed } = request;
    const { engine } = this.#options;
    const tokens = this.#batch.members[job.place ?? -1] ?? [];
    if (!job.isPromptTold) {
      job.isPromptTold = true;
      const promptTokens = tokens.slice(0, request.promptIds.length);
      channel.tell({ kind: "prompt", tokens: promptTokens, sharedTokens: job.sharedTokens });
    }
    this.#tellRead(job);
    if (job.ending !== null) return job.ending;
    if (job.written >= maxTokens) return { kind: "length", maxTokens };
    const prediction = tokens.at(-1)?.prediction;
    if (prediction === undefined) throw new RangeError("Scheduler: a job without a token");
    const position = tokens.length;
    const { contextLength } = engine;
    const isFull = position >= contextLength;
    if (isFull && request.isFollowed) return { kind: "context-full", contextLength };
    const redraw = request.redraws?.get(position) ?? 0;
    const next = await nextToken({ engine, prediction, settings, seed, position, redraw });
    job.written += 1;
    channel.tell({ kind: "token", ...next, position, predictionBefore: prediction });
    job.ending =
      endingAfter(job, next.id) ?? (isFull ? { kind: "context-full", contextLength } : null);
    if (job.ending !== null && !request.isFollowed) return job.ending;
    job.ids.push(next.id);
    return null;
  }

  /** Tells a job that is followed what of its text has been read since. */
  #tellRead(job: Job): void {
    if (!job.request.isFollowed) return;
    const from = job.toldTokens;
    const tokens = (this.#batch.members[job.place ?? -1] ?? []).slice(from);
    if (tokens.length === 0) return;
    job.toldTokens += tokens.length;
    job.channel.tell({ kind: "read", from, tokens });
  }

  /** One pass: the token that each wrote, and a piece of what each still reads. */
  async #pass(): Promise<void> {
    this.#makeRoom();
    const running = this.#running();
    if (running.length === 0) return;
    const missing = running.map((job) => job.ids.length - this.#readTokens(job));
    const readers = missing.filter((count) => count > 1).length;
    const rows = readers === running.length ? READ_ROWS_ALONE : this.#options.limits.readRows;
    const piece = Math.max(1, Math.floor(rows / Math.max(1, readers)));
    const parts: (readonly TokenId[])[] = this.#batch.members.map(() => []);
    for (const job of running) {
      const from = this.#readTokens(job);
      if (job.place !== null) parts[job.place] = job.ids.slice(from, from + piece);
    }
    try {
      await this.#batch.append(parts);
      for (const job of running) this.#tellRead(job);
    } catch (error) {
      for (const job of running) this.#fail(job, error);
    }
  }

  /** Where tokens have outgrown the positions: texts that were read go first, then the job that came last goes back to the queue and is read again later. */
  #makeRoom(): void {
    for (;;) {
      const running = this.#running();
      const free = this.#positions - this.#heldPositions();
      this.#read.makeRoom(Math.max(0, free));
      const last = running.at(-1);
      if (free >= 0 || running.length <= 1 || last === undefined) return;
      this.#leave(last);
    }
  }

  #end(job: Job, ending: Ending): void {
    if (job.place !== null) this.#read.keep(this.#batch.fork(job.place));
    this.#remove(job);
    job.channel.end(ending);
  }

  #fail(job: Job, error: unknown): void {
    this.#remove(job);
    job.channel.fail(error);
  }

  #failAll(error: unknown): void {
    for (const job of this.#jobs) this.#fail(job, error);
  }

  #remove(job: Job): void {
    this.#leave(job);
    this.#jobs = this.#jobs.filter((each) => each !== job);
  }

  #leave(job: Job): void {
    if (job.place !== null) this.#batch.leave(job.place);
    job.place = null;
  }
}

/** Why a job ends with this token, or null. */
function endingAfter({ request, written }: Job, id: TokenId): Ending | null {
  const { endTokenIds, maxTokens } = request;
  if (endTokenIds.includes(id)) return { kind: "end-token", id };
  return written >= maxTokens ? { kind: "length", maxTokens } : null;
}

function checkPrompt(
  { promptIds }: JobRequest,
  { vocabularySize, contextLength }: Pick<Engine, "vocabularySize" | "contextLength">,
): void {
  if (promptIds.length === 0) {
    throw new UsageError(
      "the prompt has 0 tokens and a prediction needs at least 1; write a word, or give a start token's id",
    );
  }
  const unknown = promptIds.find((id) => id >= vocabularySize);
  if (unknown !== undefined) {
    throw new UsageError(
      `token id ${unknown} is not in this model's vocabulary of ${vocabularySize}; give ids from 0 to ${vocabularySize - 1}`,
    );
  }
  if (promptIds.length > contextLength) {
    throw new UsageError(
      `the prompt has ${promptIds.length} tokens and the model's context holds ${contextLength}; shorten it to at most ${contextLength} tokens`,
    );
  }
}
