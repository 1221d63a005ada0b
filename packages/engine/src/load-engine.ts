// From a GGUF file to an engine that is ready: header, weights, the kernel, ONNX Runtime's sessions.

import { type Backend, type Engine, EngineError, type Precision } from "@tokenscope/core";
import { type ModelShape, parseShape } from "./architecture.ts";
import { BodySession } from "./body-session.ts";
import { BodyByRows, HeadByRows, LateRuntime } from "./by-rows.ts";
import type { ByteSource } from "./byte-source.ts";
import { loadFinalNorm } from "./final-norm.ts";
import { quantizationName } from "./gguf/file-type.ts";
import { type Gguf, readGguf } from "./gguf/gguf.ts";
import { buildBody } from "./graph/body.ts";
import { buildHead, headMatrix, keptCandidates } from "./graph/head.ts";
import { type Arithmetic, rowOf } from "./graph/linear.ts";
import { HeadSession } from "./head-session.ts";
import { loadInputVectors } from "./input-vectors.ts";
import { LoadedEngine } from "./loaded-engine.ts";
import type { OnnxModel } from "./onnx/graph-builder.ts";
import type { Ort, OrtSession } from "./ort.ts";
import { rotaryTables } from "./rotary.ts";
import type { RuntimeParts } from "./runtime.ts";
import { checkTensors } from "./tensor-shapes.ts";
import { fitsKernel, type KernelRuntime, loadKernelParts } from "./wasm/load-kernel-engine.ts";
import { readingOnce, type WeightReader, weightReader } from "./weights.ts";

export interface LoadOptions {
  /** onnxruntime-node or onnxruntime-web, or what loads it when it is wanted. */
  readonly ort: Ort | (() => Promise<Ort>);
  /** Read while this loads; with a kernel also later, until the engine is closed. */
  readonly source: ByteSource;
  /** The file's header where the caller has read it already. */
  readonly gguf?: Gguf;
  readonly precision: Precision;
  readonly backend: Backend;
  readonly threads: number;
  /** Is ready at once and takes passes of a few rows, which it is quicker at; ONNX Runtime takes all where there is none. */
  readonly kernel?: KernelRuntime;
  /** With a kernel: rows of longer passes before ONNX Runtime is prepared, which takes the weights as fp32 whatever the precision; 0 prepares it while this loads, Infinity never, where fp32 weights have no room. */
  readonly preparesFromRows?: number;
  /** Hears why ONNX Runtime could not be prepared later: the kernel goes on alone, and long passes take longer. */
  readonly onSlower?: (reason: unknown) => void;
  /** The runtime's own options, such as its execution providers. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
  /** Rows that one head run takes at most; fewer take less memory. */
  readonly headRows?: number;
  /** From 0 to 1 while the model is prepared. */
  readonly onProgress?: (share: number) => void;
  /** Runs when the engine has been closed. */
  readonly onClose?: () => Promise<void>;
}

const DEFAULT_HEAD_ROWS = 256;

/** An engine over this file; throws FormatError for a file that is not readable here, EngineError where the runtime cannot take its graph. */
export async function loadEngine(options: LoadOptions): Promise<Engine> {
  const { source, precision, backend, threads, onProgress, onClose } = options;
  const gguf = options.gguf ?? (await readGguf(source));
  const shape = parseShape(gguf);
  checkTensors(gguf, shape);
  const file = { gguf, shape, weights: weightReader(source, gguf, precision) };
  const finalNorm = await loadFinalNorm(file.weights, shape);
  const runtime =
    options.kernel === undefined || !fitsKernel(file, precision)
      ? await loadSessions(options, file)
      : await withKernel(options, { ...file, kernel: options.kernel });
  const named = { precision, backend, threads, quantization: quantizationName(gguf) };
  onProgress?.(1);
  return new LoadedEngine({ shape, ...runtime, finalNorm, ...named, ...(onClose && { onClose }) });
}

interface ModelFile {
  readonly gguf: Gguf;
  readonly shape: ModelShape;
  readonly weights: WeightReader;
}

/** Layers and head on ONNX Runtime. */
async function loadSessions(
  options: LoadOptions,
  { shape, weights }: ModelFile,
): Promise<RuntimeParts> {
  const { onProgress } = options;
  const ort = typeof options.ort === "function" ? await options.ort() : options.ort;
  const create = (model: OnnxModel) => createSession(ort, model, options);
  const onLayer = (layer: number): void => onProgress?.((layer + 1) / (shape.layers + 1));
  const arithmetic: Arithmetic = options.precision === "exact" ? "exact" : "dequantized";
  const shared = readingOnce(weights); // a tied matrix is the embedding and the head
  const inputs = {
    inputVectors: await loadInputVectors(shared, shape),
    ...(await rotaryTables(weights, shape)),
  };
  const matrix = await headMatrix(shared);
  const bodyGraph = await buildBody({ shape, weights, arithmetic, onLayer });
  const body = new BodySession({ ort, session: await create(bodyGraph), shape, ...inputs });
  const headSession = await headOf(body, () => create(buildHead({ shape, matrix, arithmetic })));
  const head = new HeadSession({
    ort,
    session: headSession,
    hiddenWidth: shape.hiddenWidth,
    kept: keptCandidates(shape),
    maxRows: options.headRows ?? DEFAULT_HEAD_ROWS,
    tokenVector: (id) => rowOf(matrix, arithmetic, id),
  });
  return { body, head };
}

/** The head's session, or no body either: half a model would keep its memory for nobody. */
async function headOf(body: BodySession, create: () => Promise<OrtSession>): Promise<OrtSession> {
  try {
    return await create();
  } catch (error) {
    await body.release();
    throw error;
  }
}

const MANY_ROWS = { exact: 4, compact: 9 }; // where ONNX Runtime becomes quicker than the kernel
const PREPARES_FROM_ROWS = 1_024; // it saves about as much on so many rows as preparing it takes

/** The kernel, and ONNX Runtime behind it once that pays. */
async function withKernel(
  options: LoadOptions,
  { kernel, ...file }: ModelFile & { readonly kernel: KernelRuntime },
) {
  const { preparesFromRows = PREPARES_FROM_ROWS, onProgress: _shown, ...rest } = options;
  const few = await loadKernelParts({ ...options, ...kernel, ...file });
  const manyRows = MANY_ROWS[options.precision];
  const quietly = { ...rest, precision: "exact" as const };
  const late = new LateRuntime(() => loadSessions(quietly, file), {
    paysFromRows: preparesFromRows,
    onFailure: options.onSlower ?? (() => undefined),
  });
  if (preparesFromRows === 0) {
    await late.prepare().catch(async (error: unknown) => {
      await few.body.release();
      throw error;
    });
  }
  return {
    body: new BodyByRows({ few: few.body, late, manyRows }),
    head: new HeadByRows({ few: few.head, late, manyRows }),
  };
}

async function createSession(
  ort: Ort,
  model: OnnxModel,
  options: LoadOptions,
): Promise<OrtSession> {
  try {
    return await ort.InferenceSession.create(model.model, {
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
