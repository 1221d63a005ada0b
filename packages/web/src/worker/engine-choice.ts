// Which engine runs the model in this browser, and why. Knows what the browser has only as it is told.

import { formatMegabytes, type Precision } from "@tokenscope/core";
import type { EngineChoice } from "./protocol.ts";

/** A WebGPU adapter as far as the choice depends on it. */
export interface GpuAdapter {
  readonly name: string; // as the browser gives it; may be empty
  /** Emulated on the processor: right, and many times slower than WebAssembly. */
  readonly isSoftware: boolean;
  readonly largestBufferBytes: number;
}

export interface EngineQuestion {
  readonly choice: EngineChoice;
  readonly precision: Precision;
  /** Null where the browser gives none. */
  readonly adapter: GpuAdapter | null;
  /** Of the weights as WebGPU holds them: fp32. */
  readonly widestMatrixBytes: number;
}

export interface EngineAnswer {
  readonly backend: "wasm" | "webgpu";
  readonly reason: string; // one sentence
  /** Whether a person may choose WebGPU here. */
  readonly hasGpu: boolean;
}

/** WebGPU where a graphics processor takes the model in exact, else WebAssembly; a person's choice comes before both where it can be. */
export function chooseEngine(question: EngineQuestion): EngineAnswer {
  const refusal = gpuRefusal(question);
  if (refusal !== null) return { backend: "wasm", reason: refusal, hasGpu: false };
  return { ...chooseFromBoth(question), hasGpu: true };
}

/** Why WebGPU cannot be had at all, or null. */
function gpuRefusal({ adapter, widestMatrixBytes }: EngineQuestion): string | null {
  if (adapter === null) return "WASM, because this browser offers no WebGPU adapter.";
  const { largestBufferBytes } = adapter;
  if (largestBufferBytes >= widestMatrixBytes) return null;
  return `WASM, because WebGPU's buffers hold at most ${formatMegabytes(largestBufferBytes)} here and the model's widest matrix takes ${formatMegabytes(widestMatrixBytes)}.`;
}

function chooseFromBoth({
  choice,
  precision,
  adapter,
}: EngineQuestion): Pick<EngineAnswer, "backend" | "reason"> {
  if (choice === "wasm") return { backend: "wasm", reason: "WASM, because you chose it." };
  if (precision === "compact") {
    return { backend: "wasm", reason: "WASM, because WebGPU has no compact arithmetic." };
  }
  const name = adapter?.name === "" ? "" : ` (${adapter?.name})`;
  if (choice === "webgpu") {
    return { backend: "webgpu", reason: `WebGPU${name}, because you chose it.` };
  }
  return adapter?.isSoftware === true
    ? { backend: "wasm", reason: `WASM, because WebGPU is emulated in software here${name}.` }
    : { backend: "webgpu", reason: `WebGPU, because there is a graphics processor${name}.` };
}

const SOFTWARE_NAMES = /swiftshader|llvmpipe|basic render/i; // Chromium's, Mesa's, and Windows' own

/** The part of a GPUAdapter that is used. */
export interface AdapterSource {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
  readonly limits: {
    readonly maxBufferSize: number;
    readonly maxStorageBufferBindingSize: number;
  };
}

/** What a browser's adapter says of itself. */
export function describeAdapter({ info, limits }: AdapterSource): GpuAdapter {
  const { vendor, architecture, device, description, isFallbackAdapter = false } = info;
  const names = [vendor, architecture, device, description];
  return {
    name: description !== "" ? description : [vendor, architecture].filter(Boolean).join(" "),
    isSoftware: isFallbackAdapter || names.some((name) => SOFTWARE_NAMES.test(name)),
    largestBufferBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
  };
}
