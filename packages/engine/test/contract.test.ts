import type { Precision } from "@tokenscope/core";
import { engineContract } from "@tokenscope/core/contracts";
import { expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { openEngine } from "./open-engine.ts";

const SEVERAL_CHUNKS = 700; // positions; GPT-2's are rows of its file, 256, which is one chunk

// Every architecture: rotary pairs and halves, biases, norms of heads and after blocks, windows, caps, learned positions.
const exact = ["qwen2", "qwen3", "gemma2", "gemma3", "gpt2"];
const models: readonly (readonly [string, Precision])[] = [
  ["llama-q4_1", "exact"],
  ["llama-q4_1", "compact"],
  ...exact.map((name) => [name, "exact"] as const),
];

for (const [name, precision] of models) {
  const path = referencePath(`tiny/${name}.gguf`);
  const open = () => openEngine(path, { precision, contextLength: SEVERAL_CHUNKS });
  engineContract(`${name}, ${precision}, on onnxruntime-node`, open, { test, expect });
}
