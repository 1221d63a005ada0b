// The key/value cache of one sequence: for each layer, rows [K, D] of the positions so far, in buffers that grow by doubling.

import type { ModelShape } from "./architecture.ts";

type CacheShape = Pick<ModelShape, "layers" | "keyValueHeads" | "headWidth">;

const FIRST_CAPACITY = 64; // positions

/** Invariant: every layer holds `length` rows; rows beyond are garbage. */
export class KvCache {
  length = 0;
  readonly #shape: CacheShape;
  readonly #rowFloats: number;
  readonly #keys: Float32Array[];
  readonly #values: Float32Array[];

  constructor(shape: CacheShape) {
    this.#shape = shape;
    this.#rowFloats = shape.keyValueHeads * shape.headWidth;
    const buffers = () =>
      Array.from(
        { length: shape.layers },
        () => new Float32Array(FIRST_CAPACITY * this.#rowFloats),
      );
    this.#keys = buffers();
    this.#values = buffers();
  }

  /** A layer's keys so far: a view [P, K, D], not a copy. */
  keys(layer: number): Float32Array {
    return this.#past(this.#keys, layer);
  }

  /** A layer's values so far: a view [P, K, D], not a copy. */
  values(layer: number): Float32Array {
    return this.#past(this.#values, layer);
  }

  /** Writes a layer's new rows [T, K, D] behind the past; they count once `length` has grown. */
  write(layer: number, keys: Float32Array, values: Float32Array): void {
    this.#writeRows(this.#keys, layer, keys);
    this.#writeRows(this.#values, layer, values);
  }

  /** A second cache with the same rows. */
  copy(): KvCache {
    const copy = new KvCache(this.#shape);
    for (let layer = 0; layer < this.#shape.layers; layer += 1) {
      copy.write(layer, this.keys(layer), this.values(layer));
    }
    copy.length = this.length;
    return copy;
  }

  #past(buffers: readonly Float32Array[], layer: number): Float32Array {
    return this.#buffer(buffers, layer).subarray(0, this.length * this.#rowFloats);
  }

  #writeRows(buffers: Float32Array[], layer: number, rows: Float32Array): void {
    const from = this.length * this.#rowFloats;
    let buffer = this.#buffer(buffers, layer);
    if (from + rows.length > buffer.length) {
      const grown = new Float32Array(Math.max(buffer.length * 2, from + rows.length));
      grown.set(buffer.subarray(0, from));
      buffers[layer] = grown;
      buffer = grown;
    }
    buffer.set(rows, from);
  }

  #buffer(buffers: readonly Float32Array[], layer: number): Float32Array {
    const buffer = buffers[layer];
    if (buffer === undefined) throw new RangeError(`KvCache: no layer ${layer}`);
    return buffer;
  }
}
