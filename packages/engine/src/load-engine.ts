// From a GGUF file to an engine that is ready: header, graph, weights, sessions.

import { type Backend, type Engine, EngineError, type Precision } from "@tokenscope/core";
import { type ModelShape, parseShape } from "./architecture.ts";
import { BodySession } from "./body-session.ts";
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
import { rotaryTable } from "./rotary.ts";
import { type SessionByRows, sessionByRows } from "./session-by-rows.ts";
import { checkTensors } from "./tensor-shapes.ts";
import { roundingReader, type WeightReader, weightReader } from "./weights.ts";

export interface LoadOptions {
  /** onnxruntime-node or onnxruntime-web. */
  readonly ort: Ort;
  readonly source: ByteSource;
  /** The file's header where the caller has read it already. */
  readonly gguf?: Gguf;
  readonly precision: Precision;
  readonly backend: Backend;
  readonly threads: number;
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
  const width = shape.hiddenWidth;
  const headSession = await loadSession(options, {
    gguf,
    weights,
    input: { name: "context", width },
    build: (each, arithmetic) => buildHead({ shape, weights: each, arithmetic }),
  });
  const bodySession = await loadSession(options, {
    gguf,
    weights,
    input: { name: "embeddings", width },
    build: (each, arithmetic) => buildBody({ shape, weights: each, arithmetic, onLayer }),
  });
  onProgress?.(1);
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
  const quantization = quantizationName(gguf);
  const finalNorm = await loadFinalNorm(weights, shape);
  const named = { precision, backend, threads, quantization };
  return new LoadedEngine({ shape, body, head, finalNorm, ...named });
}

const MANY_ROWS = 48; // where fp32 weights made on the way overtake three limbs; measured: docs/decisions/0003

const MOST_TWICE = 2 ** 30; // weights: of a larger model a second GB and more would be the dearer price

interface SessionParts {
  readonly gguf: Gguf;
  readonly weights: WeightReader;
  readonly input: SessionByRows["input"];
  readonly build: (weights: WeightReader, arithmetic: Arithmetic) => Promise<OnnxModel>;
}

/** The session of a graph; of two for a compact one in Node, whose int8 weights are then in memory twice. */
async function loadSession(
  options: LoadOptions,
  { gguf, weights, input, build }: SessionParts,
): Promise<OrtSession> {
  if (options.precision === "exact") {
    return createSession(await build(weights, "exact"), options);
  }
  if (options.backend !== "node-cpu" || weightCount(gguf) > MOST_TWICE) {
    return createSession(await build(weights, "limbs"), options);
  }
  const shared = roundingReader(weights);
  const manyRows = await createSession(await build(shared, "dequantized"), options);
  const fewRows = await createSession(await build(shared, "limbs"), options);
  return sessionByRows({ fewRows, manyRows, many: MANY_ROWS, input });
}

function weightCount({ tensors }: Gguf): number {
  let count = 0;
  for (const { dims } of tensors.values()) count += dims.reduce((product, dim) => product * dim, 1);
  return count;
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

async function rotaryTables(weights: WeightReader, { headWidth, rotation, window }: ModelShape) {
  const name = "rope_freqs.weight";
  const factors = weights.has(name) ? { factors: await weights.vector(name) } : {};
  const local = window?.rotation ?? null;
  return {
    rotary: rotaryTable({ headWidth, ...rotation, ...factors }),
    localRotary: local === null ? null : rotaryTable({ headWidth, ...local }),
  };
}
