// From a GGUF file to an engine that is ready: header, graph, weights, sessions.

import { type Backend, type Engine, EngineError, type Precision } from "@tokenscope/core";
import { parseShape } from "./architecture.ts";
import { BodySession } from "./body-session.ts";
import { BodyByRows, HeadByRows } from "./by-rows.ts";
import type { ByteSource } from "./byte-source.ts";
import { loadFinalNorm } from "./final-norm.ts";
import { type Gguf, quantizationName, readGguf } from "./gguf/gguf.ts";
import { buildBody } from "./graph/body.ts";
import { buildHead, keptCandidates } from "./graph/head.ts";
import type { Arithmetic } from "./graph/linear.ts";
import { HeadSession } from "./head-session.ts";
import { loadInputVectors } from "./input-vectors.ts";
import { LoadedEngine } from "./loaded-engine.ts";
import type { OnnxModel } from "./onnx/graph-builder.ts";
import type { Ort, OrtSession } from "./ort.ts";
import { rotaryTables } from "./rotary.ts";
import { checkTensors } from "./tensor-shapes.ts";
import {
  type KernelPartsOptions,
  type KernelRuntime,
  loadKernelParts,
} from "./wasm/load-kernel-engine.ts";
import { weightReader } from "./weights.ts";

export interface LoadOptions {
  /** onnxruntime-node or onnxruntime-web. */
  readonly ort: Ort;
  readonly source: ByteSource;
  /** The file's header where the caller has read it already. */
  readonly gguf?: Gguf;
  readonly precision: Precision;
  readonly backend: Backend;
  readonly threads: number;
  /** Takes passes of a few rows, which it is quicker at; ONNX Runtime takes all where there is none. */
  readonly kernel?: KernelRuntime;
  /** The runtime's own options, such as its execution providers. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
  /** Rows that one head run takes at most; fewer take less memory. */
  readonly headRows?: number;
  /** From 0 to 1 while the graph is prepared. */
  readonly onProgress?: (share: number) => void;
}

const DEFAULT_HEAD_ROWS = 256;

/** An engine over this file; throws FormatError for a file that is not readable here, EngineError where the runtime cannot take its graph. */
export async function loadEngine(options: LoadOptions): Promise<Engine> {
  const { ort, source, precision, backend, threads, onProgress } = options;
  const gguf = options.gguf ?? (await readGguf(source));
  const shape = parseShape(gguf);
  checkTensors(gguf, shape);
  const weights = weightReader(source, gguf);
  const onLayer = (layer: number): void => onProgress?.((layer + 1) / (shape.layers + 1));
  const arithmetic: Arithmetic = precision === "exact" ? "exact" : "dequantized";
  const headSession = await createSession(await buildHead({ shape, weights, arithmetic }), options);
  const bodyGraph = await buildBody({ shape, weights, arithmetic, onLayer });
  const bodySession = await createSession(bodyGraph, options);
  const body = new BodySession({
    ort,
    session: bodySession,
    shape,
    inputVectors: await loadInputVectors(weights, shape),
    ...(await rotaryTables(weights, shape)),
  });
  const head = new HeadSession({
    ort,
    session: headSession,
    hiddenWidth: shape.hiddenWidth,
    kept: keptCandidates(shape),
    maxRows: options.headRows ?? DEFAULT_HEAD_ROWS,
  });
  const parts = { body, head };
  const runtime =
    options.kernel === undefined
      ? parts
      : await withKernel(parts, { ...options, ...options.kernel, gguf, shape, weights });
  const finalNorm = await loadFinalNorm(weights, shape);
  const named = { precision, backend, threads, quantization: quantizationName(gguf) };
  onProgress?.(1);
  return new LoadedEngine({ shape, ...runtime, finalNorm, ...named });
}

// Measured with 2 threads on SmolLM2: docs/decisions/0003. fp32 weights are there for any number of rows; from int8 they are made anew for each pass.
const MANY_ROWS: Readonly<Record<Precision, number>> = { exact: 4, compact: 32 };

/** The kernel before ONNX Runtime: it takes passes and head runs of a few rows. */
async function withKernel(
  many: { readonly body: BodySession; readonly head: HeadSession },
  options: KernelPartsOptions,
) {
  const few = await loadKernelParts(options);
  const manyRows = MANY_ROWS[options.precision];
  return {
    body: new BodyByRows({ few: few.body, many: many.body, manyRows }),
    head: new HeadByRows({ few: few.head, many: many.head, manyRows }),
  };
}

async function createSession(model: OnnxModel, options: LoadOptions): Promise<OrtSession> {
  try {
    return await options.ort.InferenceSession.create(model.model, {
      intraOpNumThreads: options.threads,
      extra: { session: { force_spinning_stop: "1" } }, // else the idle session's threads spin on the cores that the other one needs: half the speed of a step
      logSeverityLevel: 3, // errors only: warnings about our own graph would reach the user's console
      ...options.sessionOptions,
      externalData: model.externalData,
    });
  } catch (cause) {
    throw new EngineError(
      `the ${options.backend} runtime could not prepare the model in ${options.precision}: ${String(cause)}; close other programs or use --precision compact`,
      { cause },
    );
  }
}
