import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// onnxruntime-web's default entry inlines its glue into our worker, and every thread then starts our worker again and waits
// forever: the extern-wasm condition and explicit addresses (worker/model-worker.ts) keep the two apart.
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
