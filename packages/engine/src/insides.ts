// What a look asks of a pass, read from outputs that the graph has anyway: the streams after its layers, its queries and keys.

import type { ModelShape } from "./architecture.ts";
import { attentionWeights } from "./attention-weights.ts";
import { cacheNames, shownNames } from "./graph/body.ts";
import type { KvPool } from "./kv-cache.ts";
import { floats, type OrtTensor } from "./ort.ts";
import type { LaidPart, PassLayout } from "./pass-layout.ts";
import type { Look, PassResult } from "./runtime.ts";

/** Names of the outputs that a look needs beside those of every pass. */
export function lookFetches(look: Look, layers: number): readonly string[] {
  const streams = Array.from({ length: layers }, (_, layer) => shownNames(layer).stream);
  const attention = look.attentionRows.length === 0 ? [] : look.attention;
  return [
    ...(look.residualRows.length === 0 ? [] : streams),
    ...attention.map(({ layer }) => shownNames(layer).queries),
  ];
}

export interface RunPass {
  readonly shape: ModelShape;
  readonly layout: PassLayout;
  readonly outputs: Readonly<Record<string, OrtTensor>>;
  readonly pool: KvPool; // with the rows of before the pass
}

/** What a look asked for, row by row. */
export function insidesOf(look: Look, run: RunPass): Omit<PassResult, "contexts"> {
  const { layers, hiddenWidth: C } = run.shape;
  return {
    residuals: look.residualRows.map((row) =>
      Array.from({ length: layers }, (_, layer) =>
        floats(run.outputs, shownNames(layer).stream).slice(row * C, (row + 1) * C),
      ),
    ),
    attention: look.attentionRows.map((row) =>
      look.attention.flatMap(({ layer, heads }) => {
        const keys = keysBefore(run, layer, row);
        return heads.map((head) => {
          const query = queryOf(run, { layer, row, head });
          return attentionWeights(run.shape, { layer, head, query, keys });
        });
      }),
    ),
  };
}

function queryOf(
  { shape, outputs }: RunPass,
  { layer, row, head }: { readonly layer: number; readonly row: number; readonly head: number },
): Float32Array {
  const { heads: H, headWidth: D } = shape;
  const start = (row * H + head) * D;
  return floats(outputs, shownNames(layer).queries).subarray(start, start + D); // of [T, H, D]
}

/** Keys of all positions up to this row's, in their order. */
function keysBefore(
  { shape, layout, outputs, pool }: RunPass,
  layer: number,
  row: number,
): readonly Float32Array[] {
  const width = shape.keyValueHeads * shape.headWidth;
  const part = partOf(layout, row);
  const past = part.past.map((stretch) =>
    pool.keys(layer).subarray(stretch.row * width, (stretch.row + stretch.count) * width),
  );
  const own = floats(outputs, cacheNames(layer).keys);
  return [...past, own.subarray(part.firstRow * width, (row + 1) * width)];
}

function partOf({ parts }: PassLayout, row: number): LaidPart {
  const part = parts.find(({ firstRow, rows }) => row >= firstRow && row < firstRow + rows);
  if (part === undefined) throw new RangeError(`insidesOf: no row ${row} in this pass`);
  return part;
}
