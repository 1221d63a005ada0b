// Section "Fidelity": compact against exact, in one process that holds both.

import { fork } from "node:child_process";

/** Rows of sums, one a text. */
export async function measureFidelity({ bundles, modelPath, texts, plan }) {
  const options = JSON.stringify({ modelPath, texts, threads: plan.threads });
  const child = fork(bundles.fidelity, [options]);
  return await new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", (code) => reject(new Error(`bench: fidelity ended with exit code ${code}`)));
  });
}
