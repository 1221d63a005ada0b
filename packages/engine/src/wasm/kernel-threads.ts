// The threads that run a program in step: this one and its helpers, which wait in the kernel for the next program.

import { EngineError } from "@tokenscope/core";
import { GrowingRoom, type KernelMemory } from "./kernel-memory.ts";
import { CONTROL, CONTROL_WORDS, COUNTER_BYTES, INSTRUCTION_WORDS } from "./layout.ts";
import { type KernelModule, type SharedMemory, webAssembly } from "./web-assembly.ts";

/** What a helper thread is started with: it instantiates the module over the memory and calls `serve`. */
export interface ThreadStart {
  readonly module: KernelModule;
  readonly memory: SharedMemory;
  readonly thread: number; // from 1
  readonly generation: number;
}

/** Starts a helper; resolves when it is about to serve. What differs between Node and browser is here. */
export type StartThread = (start: ThreadStart) => Promise<{ terminate(): void }>;

interface KernelExports {
  readonly run: (thread: number) => void;
  readonly serve: (thread: number, seen: number) => void;
  readonly decodeRowOf: (
    type: number,
    values: number,
    row: number,
    width: number,
    out: number,
  ) => void;
  readonly repack: (type: number, from: number, width: number, rows: number, to: number) => void;
}

/** A row of a matrix in the memory. */
export interface MatrixRow {
  readonly type: number; // KERNEL_TYPES or REPACKED_TYPES
  readonly values: number; // address of the matrix
  readonly row: number;
  readonly width: number;
}

/** Rows in their file's blocks. */
export interface BlockRows {
  readonly type: number; // KERNEL_TYPES
  readonly from: number; // address
  readonly width: number;
  readonly rows: number;
}

const LONGEST_SLEEP_MS = 20; // then a waiting thread looks whether another has failed
const PATIENCE = 3_000; // sleeps: a minute, of work of some milliseconds

/** The kernel's functions over a memory; helpers call this too. */
async function instantiateKernel(
  module: KernelModule,
  memory: SharedMemory,
): Promise<KernelExports> {
  const control = new Int32Array(memory.buffer, 0, CONTROL_WORDS);
  const sleep = (address: number, expected: number): void => {
    const isIdle = address / 4 === CONTROL.generation; // waits for the host, not for another thread
    Atomics.wait(control, address / 4, expected, isIdle ? undefined : LONGEST_SLEEP_MS);
  };
  const { exports } = await webAssembly.instantiate(module, { env: { memory, sleep } });
  return exports as KernelExports;
}

/** A helper's whole life; marks the control block where it fails, so that the others do not wait for it. */
export async function serveThread(start: ThreadStart, onReady: () => void): Promise<void> {
  const { module, memory, thread, generation } = start;
  const kernel = await instantiateKernel(module, memory);
  onReady();
  try {
    kernel.serve(thread, generation);
  } catch (error) {
    Atomics.store(new Int32Array(memory.buffer), CONTROL.failed, thread);
    throw error;
  }
}

export interface ThreadsOptions {
  readonly module: KernelModule;
  readonly memory: KernelMemory;
  readonly threads: number;
  readonly scratchBytes: number; // of each thread
  readonly startThread: StartThread;
  /** Sleeps of 20 ms that a thread waits for another before it takes it for dead. */
  readonly patience?: number;
}

/** Runs programs. Complete when made: `startKernel` is the only way in. */
export interface Kernel {
  readonly threads: number;
  /** Runs instructions on all threads and returns when the last is done; throws EngineError where the kernel traps. */
  run(instructions: Int32Array): void;
  /** A row's floats, decoded in the kernel; `out` is an address. */
  decodeRow(row: MatrixRow, out: number): void;
  /** Repacks rows, by eight, into zeroed memory from the address `to` on. */
  repack(rows: BlockRows, to: number): void;
  close(): void;
}

/** Instantiates the kernel here and starts its helpers. */
export async function startKernel(options: ThreadsOptions): Promise<Kernel> {
  const { module, memory, threads, startThread } = options;
  const control = memory.words(0, CONTROL_WORDS);
  control[CONTROL.threads] = threads;
  control[CONTROL.scratch] = memory.allocate(options.scratchBytes * threads);
  control[CONTROL.scratchBytes] = options.scratchBytes;
  control[CONTROL.patience] = options.patience ?? PATIENCE;
  const kernel = await instantiateKernel(module, memory.memory);
  const start = { module, memory: memory.memory, generation: 0 };
  const helpers = await startHelpers(startThread, start, threads);
  const program = programMemory(memory, control);
  return {
    threads,
    run(instructions) {
      if (Atomics.load(control, CONTROL.failed) !== 0) throw stopped("it stopped before");
      program.place(instructions);
      if (threads > 1) {
        Atomics.add(control, CONTROL.generation, 1);
        Atomics.notify(control, CONTROL.generation);
      }
      try {
        kernel.run(0);
      } catch (cause) {
        Atomics.store(control, CONTROL.failed, 1);
        throw stopped(cause);
      }
    },
    decodeRow: ({ type, values, row, width }, out) =>
      kernel.decodeRowOf(type, values, row, width, out),
    repack: ({ type, from, width, rows }, to) => kernel.repack(type, from, width, rows, to),
    close() {
      Atomics.store(control, CONTROL.stopped, 1);
      Atomics.add(control, CONTROL.generation, 1);
      Atomics.notify(control, CONTROL.generation);
      for (const helper of helpers) helper.terminate();
    },
  };
}

function stopped(cause: unknown): EngineError {
  return new EngineError(
    `the kernel stopped in the middle of a pass: ${String(cause)}; load the model again`,
    { cause },
  );
}

/** Helpers of all numbers from 1; where one cannot be started none stays. */
async function startHelpers(
  startThread: StartThread,
  start: Omit<ThreadStart, "thread">,
  threads: number,
): Promise<readonly { terminate(): void }[]> {
  const started = await Promise.allSettled(
    Array.from({ length: threads - 1 }, (_, i) => startThread({ ...start, thread: i + 1 })),
  );
  const failure = started.find((each) => each.status === "rejected");
  const helpers = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (failure === undefined) return helpers;
  for (const helper of helpers) helper.terminate();
  throw new EngineError(
    `a thread of the model could not be started: ${String(failure.reason)}; load the model again`,
    { cause: failure.reason },
  );
}

/** Room for instructions and their counters, which grows with the longest program. */
function programMemory(memory: KernelMemory, control: Int32Array) {
  const program = new GrowingRoom(memory); // addresses stay here as numbers: in the control block's words those from 2^31 on are negative
  const counters = new GrowingRoom(memory);
  return {
    place(instructions: Int32Array): void {
      const length = instructions.length / INSTRUCTION_WORDS;
      const programAddress = program.address(instructions.byteLength);
      const counterBytes = length * COUNTER_BYTES;
      const countersAddress = counters.address(counterBytes);
      memory.words(programAddress, instructions.length).set(instructions);
      memory.words(countersAddress, counterBytes / 4).fill(0);
      control[CONTROL.program] = programAddress;
      control[CONTROL.counters] = countersAddress;
      control[CONTROL.length] = length;
    },
  };
}
