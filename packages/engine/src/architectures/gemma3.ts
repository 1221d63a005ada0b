// Gemma 3.

import { type ArchitectureDescription, PLAIN_DECODER } from "./description.ts";

/** llama.cpp, src/models/gemma3.cpp; its conversion has added 1 to the norms' weights. */
export const gemma3: ArchitectureDescription = {
  ...PLAIN_DECODER,
  isEmbeddingScaled: true,
  hasQueryKeyNorms: true,
  hasPostNorms: true,
  feedForward: "gelu-gated",
  window: { globalEvery: 6, localRopeBase: 10_000 },
  wideScaleLayers: 62, // 27B
};
