// The runtimes that every number must be the same on, as tests iterate over them.

import type { Engine, Precision } from "@tokenscope/core";
import { openEngine } from "./open-engine.ts";
import { nodeKernel, openKernel } from "./open-kernel.ts";

interface RuntimeOptions {
  readonly precision?: Precision;
  readonly threads?: number;
  readonly contextLength?: number;
}

export interface Runtime {
  readonly name: string;
  readonly open: (path: string, options?: RuntimeOptions) => Promise<Engine>;
}

export const RUNTIMES: readonly Runtime[] = [
  { name: "onnxruntime-node", open: openEngine },
  { name: "the kernel", open: openKernel },
  {
    name: "both, by rows",
    open: (path, options) => openEngine(path, { ...options, kernel: nodeKernel }),
  },
];
