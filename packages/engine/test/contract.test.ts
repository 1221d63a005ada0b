import type { Precision } from "@tokenscope/core";
import { engineContract } from "@tokenscope/core/contracts";
import { expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { openEngine } from "./open-engine.ts";

const SEVERAL_CHUNKS = 700; // positions

for (const precision of ["exact", "compact"] satisfies Precision[]) {
  const path = referencePath("tiny/llama-q4_1.gguf");
  const open = () => openEngine(path, { precision, contextLength: SEVERAL_CHUNKS });
  engineContract(`llama Q4_1, ${precision}, on onnxruntime-node`, open, { test, expect });
}
