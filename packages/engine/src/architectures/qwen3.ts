// Qwen 3.

import { type ArchitectureDescription, PLAIN_DECODER } from "./description.ts";

/** llama.cpp, src/models/qwen3.cpp. */
export const qwen3: ArchitectureDescription = { ...PLAIN_DECODER, hasQueryKeyNorms: true };
