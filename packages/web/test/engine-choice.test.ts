import { expect, test } from "vitest";
import {
  type AdapterSource,
  chooseEngine,
  describeAdapter,
  type EngineQuestion,
  type GpuAdapter,
} from "../src/worker/engine-choice.ts";

const GPU: GpuAdapter = { name: "acme gen-3", isSoftware: false, largestBufferBytes: 2 ** 31 };
const SOFTWARE: GpuAdapter = { ...GPU, name: "SwiftShader", isSoftware: true };
const SMOLLM2_HEAD_BYTES = 49_152 * 576 * 4;

function chosen(question: Partial<EngineQuestion>) {
  return chooseEngine({
    choice: "auto",
    precision: "exact",
    adapter: GPU,
    widestMatrixBytes: SMOLLM2_HEAD_BYTES,
    ...question,
  });
}

test("a graphics processor is used in exact, and named", () => {
  const reason = "WebGPU, because there is a graphics processor (acme gen-3).";
  expect(chosen({})).toEqual({ backend: "webgpu", reason, hasGpu: true });
  expect(chosen({ adapter: { ...GPU, name: "" } }).reason).toBe(
    "WebGPU, because there is a graphics processor.",
  );
});

test("without an adapter it is WASM, whatever is asked for", () => {
  const reason = "WASM, because this browser offers no WebGPU adapter.";
  for (const choice of ["auto", "wasm", "webgpu"] as const) {
    expect(chosen({ adapter: null, choice })).toEqual({ backend: "wasm", reason, hasGpu: false });
  }
});

test("an adapter in software is used by those alone who ask for it", () => {
  expect(chosen({ adapter: SOFTWARE })).toEqual({
    backend: "wasm",
    reason: "WASM, because WebGPU is emulated in software here (SwiftShader).",
    hasGpu: true,
  });
  expect(chosen({ adapter: SOFTWARE, choice: "webgpu" }).backend).toBe("webgpu");
});

test("who chooses WASM gets it", () => {
  expect(chosen({ choice: "wasm" })).toEqual({
    backend: "wasm",
    reason: "WASM, because you chose it.",
    hasGpu: true,
  });
});

test("compact is WASM's alone", () => {
  for (const choice of ["auto", "webgpu"] as const) {
    expect(chosen({ precision: "compact", choice })).toEqual({
      backend: "wasm",
      reason: "WASM, because WebGPU has no compact arithmetic.",
      hasGpu: true,
    });
  }
});

test("a matrix that no buffer of the adapter holds is not tried", () => {
  const adapter = { ...GPU, largestBufferBytes: 2 ** 27 }; // WebGPU's smallest maximum: 134 MB
  expect(chosen({ adapter }).backend).toBe("webgpu");
  const gemma = chosen({ adapter, widestMatrixBytes: 262_144 * 640 * 4, choice: "webgpu" });
  expect(gemma).toEqual({
    backend: "wasm",
    reason:
      "WASM, because WebGPU's buffers hold at most 134.2 MB here and the model's widest matrix takes 671.1 MB.",
    hasGpu: false,
  });
});

function adapter(info: Partial<AdapterSource["info"]>): AdapterSource {
  const limits = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 };
  const unnamed = { vendor: "", architecture: "", device: "", description: "" };
  return { info: { ...unnamed, ...info }, limits };
}

test("an adapter says what it is, and the smaller of its limits counts", () => {
  expect(describeAdapter(adapter({ vendor: "acme", architecture: "gen-3" }))).toEqual({
    name: "acme gen-3",
    isSoftware: false,
    largestBufferBytes: 2 ** 27,
  });
});

test.each([
  { isFallbackAdapter: true },
  { vendor: "google", architecture: "swiftshader" },
  { description: "SwiftShader Device (Subzero)" },
  { vendor: "mesa", description: "llvmpipe (LLVM 15.0.7)" },
  { vendor: "microsoft", description: "Microsoft Basic Render Driver" },
])("software is told by its name: %o", (info) => {
  expect(describeAdapter(adapter(info)).isSoftware).toBe(true);
});
