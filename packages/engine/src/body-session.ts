// The body as a session: token ids through the layers onto their caches, context vectors out. One pass takes a chunk of positions.

import { EngineError } from "@tokenscope/core";
import type { ModelShape } from "./architecture.ts";
import { joined } from "./float-rows.ts";
import { cacheNames, positionNames } from "./graph/body.ts";
import type { InputVectors } from "./input-vectors.ts";
import { insidesOf, lookFetches } from "./insides.ts";
import { KvCache, KvPool } from "./kv-cache.ts";
import { floats, type Ort, type OrtSession, type OrtTensor } from "./ort.ts";
import { attentionMask, type PassLayout, passLayout } from "./pass-layout.ts";
import { PatchFeeds } from "./patch-feeds.ts";
import type { RotaryTable } from "./rotary.ts";
import type { Cache, Look, OpenBody, Part, PassResult } from "./runtime.ts";

export interface BodySessionOptions {
  readonly ort: Ort;
  readonly session: OrtSession;
  readonly shape: ModelShape;
  readonly inputVectors: InputVectors;
  readonly rotary: RotaryTable;
  /** Of the local layers; null where these rotate as the others do, or there are none. */
  readonly localRotary: RotaryTable | null;
}

/** Passes of the body, counted. Several parts are one run: B = 1, T is the sum of their ids, P the rows of their pool, and the mask keeps them apart. */
export class BodySession implements OpenBody {
  runs = 0;
  readonly #options: BodySessionOptions;
  readonly #patchFeeds: PatchFeeds;
  readonly #fetches: readonly string[];

  constructor(options: BodySessionOptions) {
    this.#options = options;
    this.#patchFeeds = new PatchFeeds(options.ort, options.shape);
    const layers = Array.from({ length: options.shape.layers }, (_, layer) => cacheNames(layer));
    this.#fetches = ["context", ...layers.flatMap(({ keys, values }) => [keys, values])];
  }

  openCache(): KvCache {
    return new KvCache(new KvPool(this.#options.shape));
  }

  async pass(parts: readonly Part[], look: Look): Promise<PassResult> {
    const { session, shape } = this.#options;
    const caches = parts.map(({ cache }) => kvCache(cache));
    const pool = poolOf(caches);
    const laid = caches.map((cache, i) => ({ cache, rows: parts[i]?.ids.length ?? 0 }));
    const layout = passLayout(pool.rows, laid);
    const feeds = {
      ...this.#feeds(parts, pool, layout),
      ...this.#patchFeeds.of(look.patches, layout),
    };
    const fetches = [...this.#fetches, ...lookFetches(look, shape.layers)];
    this.runs += 1;
    const outputs = await session.run(feeds, fetches).catch((cause) => {
      throw new EngineError(
        `the runtime failed on ${layout.rows} positions behind ${layout.past}: ${String(cause)}; load the model again`,
        { cause },
      );
    });
    const insides = insidesOf(look, { shape, layout, outputs, pool });
    for (let layer = 0; layer < shape.layers; layer += 1) {
      const names = cacheNames(layer);
      pool.write(layer, floats(outputs, names.keys), floats(outputs, names.values));
    }
    pool.rows += layout.rows;
    const firstRow = pool.rows - layout.rows;
    for (const [i, part] of layout.parts.entries()) {
      caches[i]?.grow(firstRow + part.firstRow, part.rows);
    }
    return { contexts: floats(outputs, "context"), ...insides };
  }

  release(): Promise<void> {
    return this.#options.session.release();
  }

  #feeds(parts: readonly Part[], pool: KvPool, layout: PassLayout): Record<string, OrtTensor> {
    const { shape, inputVectors } = this.#options;
    const { hiddenWidth: C, headWidth: D, keyValueHeads: K } = shape;
    const { past: P, rows: T } = layout;
    const vectors = parts.map(({ ids, cache }) => inputVectors(ids, cache.length));
    const feeds: Record<string, OrtTensor> = {
      embeddings: this.#tensor(joined(vectors), [1, T, C]),
      mask: this.#tensor(attentionMask(layout), [T, P + T]),
    };
    this.#feedRotations(feeds, layout);
    if (shape.window !== null) {
      const mask = attentionMask(layout, shape.window.positions);
      feeds[positionNames(shape, true).mask] = this.#tensor(mask, [T, P + T]);
    }
    for (let layer = 0; layer < shape.layers; layer += 1) {
      const names = cacheNames(layer);
      feeds[names.pastKeys] = this.#tensor(pool.keys(layer), [1, P, K, 1, D]);
      feeds[names.pastValues] = this.#tensor(pool.values(layer), [1, P, K, 1, D]);
    }
    return feeds;
  }

  #feedRotations(feeds: Record<string, OrtTensor>, { rows: T, parts }: PassLayout): void {
    const { ort, shape, rotary, localRotary } = this.#options;
    if (shape.description.positions === "learned") return;
    const tables = localRotary === null ? [rotary] : [rotary, localRotary];
    for (const table of tables) {
      const { rotation } = positionNames(shape, table === localRotary);
      const rows = parts.map((part) => table(part.firstPosition, part.rows));
      const cosines = joined(rows.map((each) => each.cosines));
      const sines = joined(rows.map((each) => each.sines));
      feeds[rotation.cosines] = this.#tensor(cosines, [T, shape.headWidth / 2]);
      feeds[rotation.sines] = this.#tensor(sines, [T, shape.headWidth / 2]);
    }
    const rows = BigInt64Array.from({ length: T }, (_, t) => BigInt(t)); // of the tables above
    feeds["positions"] = new ort.Tensor("int64", rows, [1, T]);
  }

  #tensor(values: Float32Array, dims: number[]): OrtTensor {
    return new this.#options.ort.Tensor("float32", values, dims);
  }
}

function kvCache(cache: Cache): KvCache {
  if (cache instanceof KvCache) return cache;
  throw new RangeError("pass: a cache of another runtime");
}

function poolOf(caches: readonly KvCache[]): KvPool {
  const [first] = caches;
  if (first !== undefined && caches.every(({ pool }) => pool === first.pool)) return first.pool;
  throw new RangeError(`pass: ${caches.length} caches that share no beginning`);
}
