export { type ModelShape, parseShape } from "./architecture.ts";
export { type ByteSource, blobSource, bytesSource, shardedSource } from "./byte-source.ts";
export { quantizationName } from "./gguf/file-type.ts";
export {
  type Gguf,
  type GgufValue,
  readGguf,
  type TensorInfo,
} from "./gguf/gguf.ts";
export { type RoundedFile, roundedFile } from "./gguf/rounded-file.ts";
export { type LoadOptions, loadEngine } from "./load-engine.ts";
export type { Ort, OrtSession, OrtTensor } from "./ort.ts";
export {
  type StartThread,
  serveThread,
  type ThreadStart,
} from "./wasm/kernel-threads.ts";
export {
  type KernelOptions,
  type KernelRuntime,
  loadKernelEngine,
} from "./wasm/load-kernel-engine.ts";
export { weightBytes } from "./wasm/placed-weights.ts";
export { compileKernel, type KernelModule } from "./wasm/web-assembly.ts";
