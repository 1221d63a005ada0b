// The kernel's memory: one growing block that weights, caches and buffers are laid into. Nothing is given back but cache pages.

import { EngineError } from "@tokenscope/core";
import { halfToFloat } from "../gguf/half.ts";
import {
  HALVES_ADDRESS,
  HEAP_ADDRESS,
  INITIAL_PAGES,
  MAXIMUM_PAGES,
  PAGE_BYTES,
} from "./layout.ts";
import { type SharedMemory, webAssembly } from "./web-assembly.ts";

const ALIGNMENT = 64; // a cache line
const GUARD_BYTES = 64; // behind all that is allocated: the kernel reads whole vectors, the last ones beyond a row's end
const LEAST_MAXIMUM_PAGES = 4_096; // 268 MB: the smallest model of the table fits

/** Addresses are byte offsets below 2^32. Views are made anew at each call, since growing makes a new buffer. */
export class KernelMemory {
  readonly memory: SharedMemory = sharedMemory();
  #top = HEAP_ADDRESS;

  constructor() {
    const halves = this.floats(HALVES_ADDRESS, PAGE_BYTES);
    for (let bits = 0; bits < halves.length; bits += 1) halves[bits] = halfToFloat(bits);
  }

  /** Address of fresh memory, all zeros; throws EngineError where 4 GB, or what the system gives, are full. */
  allocate(bytes: number): number {
    const address = this.#top;
    const end = address + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const missing = Math.ceil((end + GUARD_BYTES - this.memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) this.#grow(missing, bytes);
    this.#top = end;
    return address;
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  shorts(address: number, length: number): Int16Array {
    return new Int16Array(this.memory.buffer, address, length);
  }

  doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }

  /** 32-bit words, which the kernel reads as numbers or addresses. */
  words(address: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, length);
  }

  /** Lays values down and gives their address. */
  place(values: Float32Array): number {
    const address = this.allocate(values.byteLength);
    this.floats(address, values.length).set(values);
    return address;
  }

  #grow(pages: number, bytes: number): void {
    try {
      this.memory.grow(pages);
    } catch (cause) {
      const megabytes = (this.#top / 1e6).toFixed(0);
      throw new EngineError(
        `the model's memory cannot grow from ${megabytes} MB by ${(bytes / 1e6).toFixed(1)} MB; close other tabs, shorten the text, or choose a smaller model`,
        { cause },
      );
    }
  }
}

/** As much room as the system lets a page reserve: phones refuse 4 GB of addresses, and a small model needs few of them. */
function sharedMemory(): SharedMemory {
  let refusal: unknown;
  for (let maximum = MAXIMUM_PAGES; maximum >= LEAST_MAXIMUM_PAGES; maximum /= 2) {
    try {
      return new webAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared: true });
    } catch (error) {
      refusal = error;
    }
  }
  throw new EngineError(
    "the system reserves no memory for the model; close other tabs or programs and load it again",
    { cause: refusal },
  );
}

/** Room that is as large as it was ever needed, and half as much again. */
export class GrowingRoom {
  readonly #memory: KernelMemory;
  #address = 0;
  #bytes = 0;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  /** Address of at least so many bytes; what stood there before may be lost. */
  address(bytes: number): number {
    if (bytes > this.#bytes) {
      const wanted = Math.ceil(bytes * 1.5);
      this.#address = this.#memory.allocate(wanted); // throws where there is no room, and then the old room stays
      this.#bytes = wanted;
    }
    return this.#address;
  }
}
