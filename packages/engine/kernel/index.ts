// Tokenscope's kernel: a list of instructions, run by all threads in step. The host (src/wasm) lays weights and rows into
// the memory and writes the list; what a model is, only the host knows.

import { attend, show } from "./attention";
import { keep } from "./cache";
import { records } from "./distribution";
import { add, cap, clear, copy, gate, layerNorm, rmsNorm, rotate } from "./layers";
import { decodeRowOf, linear } from "./linear";
import { awaitProgram, barrier, generation } from "./threads";
import { repack } from "./repack";

/** Words of the control block that this file reads (src/wasm/layout.ts). */
const PROGRAM: usize = 24;
const LENGTH: usize = 28;
const COUNTERS: usize = 32;
const SCRATCH: usize = 36;
const SCRATCH_BYTES: usize = 40;

const INSTRUCTION_BYTES: usize = 48; // an operation and eleven operands
const COUNTER_BYTES: usize = 64; // a cache line, so that two counters do not share one

@inline
function word(at: usize, i: i32): i32 {
  return load<i32>(at + (<usize>i << 2));
}

@inline
function address(at: usize, i: i32): usize {
  return load<usize>(at + (<usize>i << 2));
}

@inline
function float(at: usize, i: i32): f32 {
  return load<f32>(at + (<usize>i << 2));
}

function runInstruction(at: usize, scratch: usize, counter: usize): void {
  switch (word(at, 0)) {
    case 1: linear(address(at, 1), word(at, 2), word(at, 3), address(at, 4), address(at, 5), word(at, 6), address(at, 7), word(at, 8), scratch, counter); return;
    case 2: rmsNorm(address(at, 1), word(at, 2), word(at, 3), word(at, 4), word(at, 5), address(at, 6), float(at, 7), address(at, 8), counter); return;
    case 3: layerNorm(address(at, 1), word(at, 2), word(at, 3), address(at, 4), address(at, 5), float(at, 6), address(at, 7), counter); return;
    case 4: rotate(address(at, 1), word(at, 2), word(at, 3), word(at, 4), word(at, 5), address(at, 6), address(at, 7), word(at, 8), counter); return;
    case 5: keep(address(at, 1), address(at, 2), word(at, 3), word(at, 4), address(at, 5), address(at, 6), word(at, 7), counter); return;
    case 6: attend(address(at, 1), address(at, 2), word(at, 3), word(at, 4), address(at, 5), word(at, 6), address(at, 7), float(at, 8), float(at, 9), word(at, 10), scratch, counter); return;
    case 7: show(address(at, 1), address(at, 2), word(at, 3), word(at, 4), word(at, 5), address(at, 6), address(at, 7), float(at, 8), float(at, 9), word(at, 10), scratch, counter); return;
    case 8: gate(address(at, 1), address(at, 2), word(at, 3), word(at, 4), counter); return;
    case 9: add(address(at, 1), address(at, 2), word(at, 3), counter); return;
    case 10: cap(address(at, 1), word(at, 2), float(at, 3), counter); return;
    case 11: clear(address(at, 1), word(at, 2), word(at, 3), word(at, 4), counter); return;
    case 12: copy(address(at, 1), address(at, 2), word(at, 3), counter); return;
    case 13: records(address(at, 1), word(at, 2), word(at, 3), word(at, 4), address(at, 5), word(at, 6), address(at, 7), counter); return;
    default: unreachable();
  }
}

/** Runs the program as one of its threads, from 0; returns when all have finished. */
export function run(thread: i32): void {
  const program = load<usize>(PROGRAM);
  const length = <usize>load<i32>(LENGTH);
  const counters = load<usize>(COUNTERS);
  const scratch = load<usize>(SCRATCH) + <usize>thread * load<usize>(SCRATCH_BYTES);
  for (let i: usize = 0; i < length; i++) {
    const at = program + i * INSTRUCTION_BYTES;
    runInstruction(at, scratch, counters + i * COUNTER_BYTES);
    if (word(at, 11) == 0) barrier(); // else the next instruction neither reads nor writes what this one does
  }
}

/** A helper thread's life: program after program until the host stops it. `seen` is the generation it was started at. */
export function serve(thread: i32, seen: i32): void {
  while (awaitProgram(seen)) {
    seen = generation();
    run(thread);
  }
}

export { decodeRowOf, repack };
export { touched } from "./touch";
