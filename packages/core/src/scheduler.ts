// Many jobs on one engine, step by step: a token of each that writes and a piece of each that reads in every pass, and between
// passes jobs come and go (continuous batching: Yu et al., "Orca", OSDI 2022). A job whose listener is far behind waits for it, and
// gives its place to others. Knows ids and no text, no clock, no connection.

import type { Batch, Engine, Sequence } from "./engine.ts";
import { EngineError, UsageError } from "./errors.ts";
import type { Ending } from "./generate.ts";
import type { JobRequest, JobRun } from "./job.ts";
import { commonLength, ReadBeginnings } from "./read-beginnings.ts";
import {
  checkPrompt,
  endingAfter,
  isHeldUp,
  isStopped,
  type Job,
  queuedJobs,
} from "./scheduled-job.ts";
import { nextToken } from "./step.ts";
import type { TokenId } from "./token.ts";

export interface SchedulerLimits {
  readonly running: number; // jobs that have a place in the passes
  readonly waiting: number; // jobs in the queue; a request that would make it longer is refused
  readonly positions: number; // of the cache, held by all running jobs and by what was read before; one job may always take the whole context
  readonly readRows: number; // prompt tokens of a pass while others write: more make their tokens wait longer
  readonly keptTexts: number; // ended jobs whose tokens are kept for those that begin alike
  readonly unread: number; // tokens that wait for the listeners of a request, or 8 a job; with more its jobs are held up
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
  #wake: () => void = () => undefined;
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
    const jobs = queuedJobs(requests, limits.unread, () => this.#wake());
    this.#jobs.push(...jobs);
    this.#wake();
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
    this.#wake();
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
    await this.#somethingToDo();
    if (this.#isClosed) this.#failAll(new EngineError("the model was closed; ask again"));
    await this.#options.pause();
    this.#dropStopped();
    this.#admit();
    await this.#draw();
    await this.#pass();
    this.#steps += 1;
  }

  /** Returns at once unless every job is held up: then when one is read again, stopped, or not alone any more. */
  async #somethingToDo(): Promise<void> {
    const isIdle = (job: Job): boolean => isHeldUp(job) && !isStopped(job);
    while (!this.#isClosed && this.#jobs.every(isIdle)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
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
    for (const job of this.#jobs) if (isStopped(job)) this.#end(job, { kind: "aborted" });
  }

  /** Gives places to those who wait: first to the request with the fewest running jobs, then to the one that came first. */
  #admit(): void {
    const passed = new Set<Job>();
    for (;;) {
      const job = this.#nextWaiting(passed);
      if (job === null || !this.#hasPlaceFor(job)) return;
      passed.add(job);
      try {
        this.#place(job);
      } catch (error) {
        this.#fail(job, error);
      }
      this.#read.makeRoom(this.#positions - this.#heldPositions());
    }
  }

  /** Takes places from those that are held up, where that is needed. */
  #hasPlaceFor(job: Job): boolean {
    for (;;) {
      const running = this.#running();
      const needed = this.#heldPositions() + job.ids.length + 1;
      const fits = needed <= this.#positions || running.length === 0;
      if (fits && running.length < this.#options.limits.running) return true;
      const idle = running.findLast(isHeldUp);
      if (idle === undefined) return false;
      this.#keepRead(idle);
      this.#leave(idle);
    }
  }

  #nextWaiting(passed: ReadonlySet<Job>): Job | null {
    const runningOf = (owner: object) =>
      this.#running().filter((job) => job.owner === owner).length;
    let next: Job | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    for (const job of this.#jobs) {
      if (job.place !== null || passed.has(job) || isHeldUp(job)) continue;
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
      const shared = commonLength(other.ids, ids);
      const ready = Math.min(shared, this.#readTokens(other));
      const common = isHeldUp(other) ? ready : shared; // nobody waits for one that waits itself
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
    if (!job.isPromptTold && !request.isFollowed) {
      job.isPromptTold = true;
      const promptTokens = tokens.slice(0, request.promptIds.length);
      channel.tell({ kind: "prompt", tokens: promptTokens, sharedTokens: job.sharedTokens });
    }
    this.#tellRead(job);
    if (request.isFollowed && job.toldTokens < tokens.length) return null;
    if (job.ending !== null) return job.ending;
    if (job.written >= maxTokens) return { kind: "length", maxTokens };
    if (isHeldUp(job)) return null;
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

  /** Tells a job that is followed what of its text has been read since, as far as its listener has room. */
  #tellRead(job: Job): void {
    const { request, channel, place, toldTokens: from } = job;
    if (!request.isFollowed || channel.isFull) return;
    const tokens = (this.#batch.members[place ?? -1] ?? []).slice(from, from + channel.room);
    if (tokens.length === 0) return;
    job.toldTokens += tokens.length;
    channel.tell({ kind: "read", from, tokens });
  }

  /** One pass: the token that each wrote, and a piece of what each still reads; nothing of those that are held up. */
  async #pass(): Promise<void> {
    this.#makeRoom();
    const missing = (job: Job): number => job.ids.length - this.#readTokens(job);
    const running = this.#running().filter((job) => missing(job) > 0 && !isHeldUp(job));
    if (running.length === 0) return;
    const readers = running.filter((job) => missing(job) > 1).length;
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

  /** Where tokens have outgrown the positions: texts that were read go first, then a job that is held up or the one that came last goes back to the queue and is read again later. */
  #makeRoom(): void {
    for (;;) {
      const running = this.#running();
      const free = this.#positions - this.#heldPositions();
      this.#read.makeRoom(Math.max(0, free));
      const last = running.findLast(isHeldUp) ?? running.at(-1);
      if (free >= 0 || running.length <= 1 || last === undefined) return;
      this.#leave(last);
    }
  }

  #end(job: Job, ending: Ending): void {
    this.#keepRead(job);
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

  #keepRead({ place }: Job): void {
    if (place !== null) this.#read.keep(this.#batch.fork(place));
  }

  #leave(job: Job): void {
    if (job.place !== null) this.#batch.leave(job.place);
    job.place = null;
  }
}
