// GPT-2.

import { type ArchitectureDescription, PLAIN_DECODER } from "./description.ts";

/** llama.cpp, src/models/gpt2.cpp. */
export const gpt2: ArchitectureDescription = {
  ...PLAIN_DECODER,
  norm: "layer",
  positions: "learned",
  queryKeyValue: "joined",
  biases: ["attn_qkv", "attn_output", "ffn_up", "ffn_down"],
  feedForward: "gelu",
};
