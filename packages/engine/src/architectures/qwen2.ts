// Qwen 2 and 2.5.

import { type ArchitectureDescription, PLAIN_DECODER } from "./description.ts";

/** llama.cpp, src/models/qwen2.cpp. */
export const qwen2: ArchitectureDescription = {
  ...PLAIN_DECODER,
  biases: ["attn_q", "attn_k", "attn_v"],
};
