// Section "Fidelity": compact against exact, and the kernel against ONNX Runtime, in one process that holds all four.

import { fork } from "node:child_process";

/** By comparison, rows of sums, one a text. */
export async function measureFidelity({ bundles, kernelFolder, modelPath, texts, plan }) {
  const options = JSON.stringify({ kernelFolder, modelPath, texts, threads: plan.threads });
  const child = fork(bundles.fidelity, [options]);
  return await new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", (code) => reject(new Error(`bench: fidelity ended with exit code ${code}`)));
  });
}
