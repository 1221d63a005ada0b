// From a GGUF file to an engine on the kernel: header, weights, threads, layers and head.

import { type Backend, type Engine, type Precision, UsageError } from "@tokenscope/core";
import { type ModelShape, parseShape } from "../architecture.ts";
import type { ByteSource } from "../byte-source.ts";
import { loadFinalNorm } from "../final-norm.ts";
import { quantizationName } from "../gguf/file-type.ts";
import { type Gguf, readGguf } from "../gguf/gguf.ts";
import { keptCandidates } from "../graph/head.ts";
import { loadInputVectors } from "../input-vectors.ts";
import { LoadedEngine } from "../loaded-engine.ts";
import { rotaryTables } from "../rotary.ts";
import { checkTensors } from "../tensor-shapes.ts";
import { type Matrix, type WeightReader, weightReader } from "../weights.ts";
import { decoderBuffers } from "./decoder-buffers.ts";
import { KernelBody } from "./kernel-body.ts";
import { KernelHead } from "./kernel-head.ts";
import { KernelMemory } from "./kernel-memory.ts";
import { type Kernel, type StartThread, startKernel } from "./kernel-threads.ts";
import { attentionBytes, MOST_WEIGHT_BYTES, PANEL_BYTES } from "./layout.ts";
import { PagePool } from "./paged-cache.ts";
import { type PlacedModel, placeModel } from "./placed-layers.ts";
import { placedRows } from "./placed-rows.ts";
import { type PlacedWeights, placedWeights, weightBytes } from "./placed-weights.ts";
import type { KernelModule } from "./web-assembly.ts";

/** The kernel itself, and how a machine starts its threads. */
export interface KernelRuntime {
  /** The compiled kernel: relaxed.wasm, or fixed.wasm where a runtime has no relaxed SIMD. */
  readonly module: KernelModule;
  readonly startThread: StartThread;
}

export interface KernelOptions extends KernelRuntime {
  readonly threads: number;
  readonly backend: Backend;
  readonly source: ByteSource;
  /** The file's header where the caller has read it already. */
  readonly gguf?: Gguf;
  readonly precision: Precision;
  /** From 0 to 1 while the weights are read. */
  readonly onProgress?: (share: number) => void;
}

const MAX_ROWS = 256; // of a pass

/** An engine over this file, its weights in the kernel's memory without loss, or in 8 bits where they are wider and it is compact; throws FormatError for a file that is not readable here, EngineError where memory or threads cannot be had. */
export async function loadKernelEngine(options: KernelOptions): Promise<Engine> {
  const { source, precision, backend, threads, onProgress } = options;
  const gguf = options.gguf ?? (await readGguf(source));
  const shape = parseShape(gguf);
  checkTensors(gguf, shape);
  const weights = weightReader(source, gguf, precision);
  const finalNorm = await loadFinalNorm(weights, shape);
  const parts = await loadKernelParts({ ...options, gguf, shape, weights });
  const named = { precision, backend, threads, quantization: quantizationName(gguf) };
  onProgress?.(1);
  return new LoadedEngine({ shape, ...parts, finalNorm, ...named });
}

export interface KernelPartsOptions extends KernelRuntime {
  readonly threads: number;
  readonly source: ByteSource;
  readonly gguf: Gguf;
  readonly shape: ModelShape;
  readonly weights: WeightReader;
  readonly precision: Precision;
  readonly onProgress?: (share: number) => void;
}

/** Layers and head of a checked file on the kernel. */
export async function loadKernelParts(
  options: KernelPartsOptions,
): Promise<{ readonly body: KernelBody; readonly head: KernelHead }> {
  const { source, gguf, shape, weights, precision, onProgress } = options;
  if (!fitsKernel(options, precision)) throw unfit(shape);
  const memory = new KernelMemory();
  const kernel = await startKernel({ ...options, memory, scratchBytes: scratchBytes(shape) });
  const placed = placedWeights({ memory, kernel, source, gguf, precision });
  try {
    const onLayer = (layer: number): void => onProgress?.((layer + 1) / (shape.layers + 1));
    const model = await placeModel(placed, shape, onLayer);
    const parts = { kernel, memory, shape, placed, precision };
    const body = await kernelBody({ ...parts, model, weights });
    const kept = keptCandidates(shape);
    return { body, head: new KernelHead({ ...parts, matrix: model.head, kept }) };
  } catch (error) {
    kernel.close();
    throw error;
  }
}

/** True where the kernel can run a model: its memory holds the weights, and heads are whole vectors of four. */
export function fitsKernel(
  { gguf, shape }: { readonly gguf: Gguf; readonly shape: Pick<ModelShape, "headWidth"> },
  precision: Precision,
): boolean {
  if (shape.headWidth % 4 !== 0) return false;
  return weightBytes(gguf, precision) <= MOST_WEIGHT_BYTES;
}

function unfit({ headWidth }: ModelShape): UsageError {
  const reason =
    headWidth % 4 === 0
      ? `its weights take more than ${(MOST_WEIGHT_BYTES / 1e9).toFixed(1)} GB, all that WebAssembly leaves room for`
      : `its heads are ${headWidth} wide, which is no multiple of 4`;
  return new UsageError(
    `this model does not run on the kernel: ${reason}; choose another model or a smaller quantisation`,
  );
}

interface BodyParts extends PlacedRows {
  readonly shape: ModelShape;
  readonly precision: Precision;
  readonly model: PlacedModel;
  readonly weights: WeightReader;
}

async function kernelBody({ weights, precision, ...parts }: BodyParts): Promise<KernelBody> {
  const { memory, shape } = parts;
  return new KernelBody({
    ...parts,
    maxRows: MAX_ROWS,
    buffers: decoderBuffers(memory, shape, { rows: MAX_ROWS, precision }),
    pages: new PagePool(memory, shape, precision),
    inputVectors: await loadInputVectors(withPlacedRows(weights, parts), shape),
    ...(await rotaryTables(weights, shape)),
  });
}

const LINE_BYTES = 64; // of a cache, so that no two threads write one

/** A thread's own memory: eight rows of the widest matrix twice (a row, or the limbs of a few positions and their 64 bytes of sums, take less), or what attention takes. */
function scratchBytes(shape: ModelShape): number {
  const { hiddenWidth, heads, headWidth, feedForwardWidth } = shape;
  const width = Math.max(hiddenWidth, heads * headWidth, feedForwardWidth);
  const bytes = Math.max(PANEL_BYTES * width, attentionBytes(shape));
  return Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
}

interface PlacedRows {
  readonly placed: PlacedWeights;
  readonly memory: KernelMemory;
  readonly kernel: Kernel;
}

/** A reader whose matrices are rows of what lies in the kernel's memory already: a tied embedding is not held twice. */
function withPlacedRows(files: WeightReader, { placed, memory, kernel }: PlacedRows): WeightReader {
  return {
    ...files,
    async matrix(names): Promise<Matrix> {
      const [name = ""] = names;
      if (!placed.isPlaced(name)) return files.matrix(names);
      const matrix = await placed.matrix(name);
      const row = placedRows(matrix, { kernel, memory });
      return {
        out: matrix.out,
        in: matrix.in,
        row: (output, into, at) => into.set(row(output), at),
      };
    },
  };
}
