// The body as a session: token ids through the layers onto a cache, context vectors out. One pass takes a chunk of positions.

import { EngineError, type TokenId } from "@tokenscope/core";
import type { ModelShape } from "./architecture.ts";
import { cacheNames, positionNames } from "./graph/body.ts";
import type { InputVectors } from "./input-vectors.ts";
import type { KvCache } from "./kv-cache.ts";
import { floats, type Ort, type OrtSession, type OrtTensor } from "./ort.ts";
import type { RotaryTable } from "./rotary.ts";

export interface BodySessionOptions {
  readonly ort: Ort;
  readonly session: OrtSession;
  readonly shape: ModelShape;
  readonly inputVectors: InputVectors;
  readonly rotary: RotaryTable;
  /** Of the local layers; null where these rotate as the others do, or there are none. */
  readonly localRotary: RotaryTable | null;
}

/** Passes of the body, counted. */
export class BodySession {
  runs = 0;
  readonly #options: BodySessionOptions;
  readonly #fetches: readonly string[];

  constructor(options: BodySessionOptions) {
    this.#options = options;
    const layers = Array.from({ length: options.shape.layers }, (_, layer) => cacheNames(layer));
    this.#fetches = ["context", ...layers.flatMap(({ keys, values }) => [keys, values])];
  }

  /** Runs T ids behind the cache's P positions, writes their rows to it, and returns their context vectors [T, C]; a run that fails leaves the cache as it was. */
  async pass(ids: readonly TokenId[], cache: KvCache): Promise<Float32Array> {
    const { session, shape } = this.#options;
    this.runs += 1;
    const outputs = await session.run(this.#feeds(ids, cache), this.#fetches).catch((cause) => {
      throw new EngineError(
        `the runtime failed on ${ids.length} positions behind ${cache.length}: ${String(cause)}; load the model again`,
        { cause },
      );
    });
    for (let layer = 0; layer < shape.layers; layer += 1) {
      const names = cacheNames(layer);
      cache.write(layer, floats(outputs, names.keys), floats(outputs, names.values));
    }
    cache.length += ids.length;
    return floats(outputs, "context");
  }

  release(): Promise<void> {
    return this.#options.session.release();
  }

  #feeds(ids: readonly TokenId[], cache: KvCache): Record<string, OrtTensor> {
    const { shape, inputVectors } = this.#options;
    const { hiddenWidth: C, headWidth: D, keyValueHeads: K } = shape;
    const T = ids.length;
    const P = cache.length;
    const feeds: Record<string, OrtTensor> = {
      embeddings: this.#tensor(inputVectors(ids, P), [1, T, C]),
      mask: this.#tensor(causalMask(T, P), [T, P + T]),
    };
    this.#feedRotations(feeds, T, P);
    if (shape.window !== null) {
      const mask = causalMask(T, P, shape.window.positions);
      feeds[positionNames(shape, true).mask] = this.#tensor(mask, [T, P + T]);
    }
    for (let layer = 0; layer < shape.layers; layer += 1) {
      const names = cacheNames(layer);
      feeds[names.pastKeys] = this.#tensor(cache.keys(layer), [1, P, K, D]);
      feeds[names.pastValues] = this.#tensor(cache.values(layer), [1, P, K, D]);
    }
    return feeds;
  }

  #feedRotations(feeds: Record<string, OrtTensor>, T: number, P: number): void {
    const { ort, shape, rotary, localRotary } = this.#options;
    if (shape.description.positions === "learned") return;
    const tables = localRotary === null ? [rotary] : [rotary, localRotary];
    for (const table of tables) {
      const { rotation } = positionNames(shape, table === localRotary);
      const { cosines, sines } = table(P, T);
      feeds[rotation.cosines] = this.#tensor(cosines, [T, shape.headWidth / 2]);
      feeds[rotation.sines] = this.#tensor(sines, [T, shape.headWidth / 2]);
    }
    const rows = BigInt64Array.from({ length: T }, (_, t) => BigInt(t));
    feeds["positions"] = new ort.Tensor("int64", rows, [1, T]);
  }

  #tensor(values: Float32Array, dims: number[]): OrtTensor {
    return new this.#options.ort.Tensor("float32", values, dims);
  }
}

const HIDDEN = -1e9; // added to a score: far below any real one, and no NaN where a softmax subtracts it from itself

/** [T, S]: 0 where position P + t may look, at itself and at most `window` - 1 before it, else far below zero. */
function causalMask(T: number, P: number, window = Number.POSITIVE_INFINITY): Float32Array {
  const S = P + T;
  const mask = new Float32Array(T * S);
  for (let t = 0; t < T; t += 1) {
    mask.fill(HIDDEN, t * S, t * S + Math.max(0, P + t + 1 - window));
    mask.fill(HIDDEN, t * S + P + t + 1, (t + 1) * S);
  }
  return mask;
}
