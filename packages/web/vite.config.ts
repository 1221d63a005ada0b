import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// onnxruntime-web's default entry inlines its glue into our worker: the extern-wasm condition and explicit addresses
// (worker/gpu-engine.ts) keep the two apart, so that a thread of its own does not start our worker again.
export default defineConfig({
  base: "./",
  plugins: [react()],
  resolve: {
    conditions: [
      "onnxruntime-web-use-extern-wasm",
      "source",
      "module",
      "browser",
      "development|production",
    ],
  },
  worker: { format: "es" },
  optimizeDeps: { exclude: ["onnxruntime-web"] },
  build: { target: "es2023", chunkSizeWarningLimit: 20_000 },
});
