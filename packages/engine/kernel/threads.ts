// How the threads of one program keep step: a barrier after each instruction, and a counter from which they take work.
// Invariant: all threads run the same instructions in the same order; between two barriers each writes only what it took.

/** Words of the control block, at the beginning of the memory; the host writes them too (src/wasm/layout.ts). */
const GENERATION: usize = 0;
const STOPPED: usize = 4;
const FAILED: usize = 8;
const THREADS: usize = 12;
const ARRIVED: usize = 16;
const BARRIER: usize = 20;
const PATIENCE: usize = 44;

const LEAST_UNITS = 2; // of a run, of eight rows of weights or a part of a past each: taking one costs a trip between cores
const SPINS = 40_000; // tens of microseconds: longer waits let the core go

/** Sleeps until the word at `address` is notified or no longer `expected`, or for some milliseconds. The host's, since V8 11 loses locals around memory.atomic.wait. */
@external("env", "sleep")
declare function sleep(address: usize, expected: i32): void;

@inline
export function threadCount(): i32 {
  return load<i32>(THREADS);
}

/** Returns when all threads are here; traps where one has failed, or is not there after so many sleeps as the host allows, so that none waits for ever. */
export function barrier(): void {
  const threads = threadCount();
  if (threads == 1) return;
  const generation = atomic.load<i32>(BARRIER);
  if (atomic.add<i32>(ARRIVED, 1) + 1 == threads) {
    atomic.store<i32>(ARRIVED, 0);
    atomic.add<i32>(BARRIER, 1);
    atomic.notify(BARRIER, threads);
    return;
  }
  let spins = 0;
  let sleeps = 0;
  while (atomic.load<i32>(BARRIER) == generation) {
    if (++spins < SPINS) continue;
    if (atomic.load<i32>(FAILED) != 0 || ++sleeps > load<i32>(PATIENCE)) unreachable();
    sleep(BARRIER, generation);
  }
}

/** The next piece of work of an instruction, from 0; beyond the last one there is none left. */
@inline
export function take(counter: usize): i32 {
  return threadCount() == 1 ? takeAlone(counter) : atomic.add<i32>(counter, 1);
}

@inline
function takeAlone(counter: usize): i32 {
  const next = load<i32>(counter);
  store<i32>(counter, next + 1);
  return next;
}

/** Where a run of work begins, among `units`: each round of all threads takes half of what is left, so that runs are few and threads end together. */
export function runStart(run: i32, units: i32): i32 {
  const threads = threadCount();
  if (threads == 1) return run == 0 ? 0 : units;
  const round = run / threads;
  const least = 2 * threads * LEAST_UNITS; // a round of so few takes all
  if (round > 0 && units >> (round - 1) <= least) return units;
  const left = units >> round;
  const begin = units - left;
  const end = left <= least ? units : units - (left >> 1);
  const size = (end - begin + threads - 1) / threads;
  return min(begin + (run % threads) * size, end);
}

/** Waits for the next program; false where the host has stopped the threads. */
export function awaitProgram(seen: i32): bool {
  let spins = 0;
  while (atomic.load<i32>(GENERATION) == seen) {
    if (++spins < SPINS) continue;
    sleep(GENERATION, seen);
  }
  return atomic.load<i32>(STOPPED) == 0;
}

@inline
export function generation(): i32 {
  return atomic.load<i32>(GENERATION);
}
