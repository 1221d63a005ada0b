// The layers on the kernel: embedding rows and positions in, context vectors out, keys and values in pages.

import type { ModelShape } from "../architecture.ts";
import type { InputVectors } from "../input-vectors.ts";
import type { RotaryTable } from "../rotary.ts";
import type { Look, OpenBody, Part, PassResult } from "../runtime.ts";
import { decoderProgram, type LookAddresses, type PassOptions } from "./decoder.ts";
import type { Angles, DecoderBuffers } from "./decoder-buffers.ts";
import { GrowingRoom, type KernelMemory } from "./kernel-memory.ts";
import type { Kernel } from "./kernel-threads.ts";
import { PagedCache, type PagePool } from "./paged-cache.ts";
import type { PlacedModel } from "./placed-layers.ts";

export interface KernelBodyOptions {
  readonly kernel: Kernel;
  readonly memory: KernelMemory;
  readonly shape: ModelShape;
  readonly model: PlacedModel;
  readonly buffers: DecoderBuffers;
  readonly pages: PagePool;
  readonly maxRows: number;
  readonly inputVectors: InputVectors;
  readonly rotary: RotaryTable;
  readonly localRotary: RotaryTable | null;
}

interface PlacedPart {
  readonly cache: PagedCache;
  readonly ids: Part["ids"];
  readonly firstRow: number;
}

/** Passes over the kernel, counted. */
export class KernelBody implements OpenBody {
  runs = 0;
  readonly #options: KernelBodyOptions;
  readonly #plain = new Map<number, Int32Array>(); // programs of passes that show and change nothing, by their rows
  readonly #tables: GrowingRoom;
  readonly #look: GrowingRoom;

  constructor(options: KernelBodyOptions) {
    this.#options = options;
    this.#tables = new GrowingRoom(options.memory);
    this.#look = new GrowingRoom(options.memory);
  }

  openCache(): PagedCache {
    return this.#options.pages.openCache();
  }

  async pass(parts: readonly Part[], look: Look): Promise<PassResult> {
    const { kernel, memory, shape, buffers, maxRows } = this.#options;
    const placed = placedParts(parts);
    const T = placed.reduce((rows, { ids }) => rows + ids.length, 0);
    if (T > maxRows) throw new RangeError(`pass: ${T} rows are more than ${maxRows}`);
    this.runs += 1;
    this.#placeRows(placed);
    this.#placeTables(placed);
    const positions = placed.flatMap(({ cache, ids }) =>
      Array.from(ids, (_, i) => cache.length + i),
    );
    const { addresses, lengths } = this.#placeLook(look, positions);
    const rowAt = (position: number): number => {
      const row = positions.indexOf(position);
      if (row >= 0) return row;
      throw new RangeError(`pass: no row at position ${position}`);
    };
    kernel.run(this.#program(T, look, { addresses, rowAt }));
    for (const { cache, ids } of placed) cache.grow(ids.length);
    const C = shape.hiddenWidth;
    return {
      contexts: memory.floats(buffers.normed.address, T * C).slice(),
      residuals: look.residualRows.map((_, i) =>
        Array.from({ length: shape.layers }, (_none, layer) =>
          memory.floats(addresses.residuals + (i * shape.layers + layer) * C * 4, C).slice(),
        ),
      ),
      attention: look.attentionRows.map((row) =>
        look.attention.flatMap(({ layer, heads }) =>
          heads.map((head) =>
            memory.floats(addresses.attention(row, layer, head), lengths(row)).slice(),
          ),
        ),
      ),
    };
  }

  async release(): Promise<void> {
    this.#options.kernel.close();
  }

  /** The instructions of a pass; those of plain passes are written once, since all that changes lies at fixed addresses. */
  #program(T: number, look: Look, places: Pick<PassOptions, "addresses" | "rowAt">): Int32Array {
    const { model, shape, buffers } = this.#options;
    const isPlain =
      look.patches.length + look.residualRows.length + look.attentionRows.length === 0;
    const known = isPlain ? this.#plain.get(T) : undefined;
    if (known !== undefined) return known;
    const program = decoderProgram({ model, shape, buffers, T, look, ...places });
    if (isPlain) this.#plain.set(T, program);
    return program;
  }

  /** Embedding rows and the angles of their positions. */
  #placeRows(parts: readonly PlacedPart[]): void {
    const { memory, shape, buffers, inputVectors, rotary, localRotary } = this.#options;
    const pairBytes = shape.headWidth * 2;
    const place = (address: number, values: Float32Array): void =>
      memory.floats(address, values.length).set(values);
    for (const { cache, ids, firstRow } of parts) {
      const vectors = inputVectors(ids, cache.length);
      place(buffers.stream.address + firstRow * shape.hiddenWidth * 4, vectors);
      if (shape.description.positions === "learned") continue;
      const placeAngles = (angles: Angles, table: RotaryTable): void => {
        const { cosines, sines } = table(cache.length, ids.length);
        place(angles.cosines + firstRow * pairBytes, cosines);
        place(angles.sines + firstRow * pairBytes, sines);
      };
      placeAngles(buffers.angles, rotary);
      if (localRotary !== null) placeAngles(buffers.localAngles, localRotary);
    }
  }

  /** Each sequence's table of pages, and each row's table and position. */
  #placeTables(parts: readonly PlacedPart[]): void {
    const { memory, buffers } = this.#options;
    for (const { cache, ids } of parts) cache.reserve(ids.length);
    const pages = parts.reduce((count, { cache }) => count + cache.addresses.length, 0);
    let table = this.#tables.address(pages * 4);
    for (const { cache, ids, firstRow } of parts) {
      const { addresses } = cache;
      memory.words(table, addresses.length).set(addresses.map((address) => address | 0));
      const rows = memory.words(buffers.rows + firstRow * 8, ids.length * 2);
      for (const i of ids.keys()) rows.set([table | 0, cache.length + i], i * 2);
      table += addresses.length * 4;
    }
  }

  #placeLook(
    look: Look,
    positions: readonly number[],
  ): { readonly addresses: LookAddresses; readonly lengths: (row: number) => number } {
    const { memory, shape } = this.#options;
    const { hiddenWidth: C, layers: N } = shape;
    const lengths = (row: number): number => (positions[row] ?? 0) + 1;
    const vectors = look.patches.flatMap((patch) =>
      patch.kind === "residual" ? [patch.vector] : [],
    );
    const residualBytes = look.residualRows.length * N * C * 4;
    const patchBytes = vectors.length * C * 4;
    const longest = Math.max(0, ...look.attentionRows.map(lengths));
    const named = look.attention.flatMap(({ layer, heads }) =>
      heads.map((head) => `${layer}.${head}`),
    );
    const rowBytes = named.length * longest * 4;
    const total = residualBytes + patchBytes + look.attentionRows.length * rowBytes;
    const residuals = total === 0 ? 0 : this.#look.address(total);
    const patches = residuals + residualBytes;
    for (const [i, vector] of vectors.entries()) memory.floats(patches + i * C * 4, C).set(vector);
    return {
      addresses: {
        residuals,
        patches,
        attention: (row, layer, head) =>
          patches +
          patchBytes +
          look.attentionRows.indexOf(row) * rowBytes +
          named.indexOf(`${layer}.${head}`) * longest * 4,
      },
      lengths,
    };
  }
}

function placedParts(parts: readonly Part[]): readonly PlacedPart[] {
  let firstRow = 0;
  return parts.map(({ cache, ids }) => {
    if (!(cache instanceof PagedCache)) {
      throw new RangeError("pass: a cache of another runtime");
    }
    const part = { cache, ids, firstRow };
    firstRow += ids.length;
    return part;
  });
}
