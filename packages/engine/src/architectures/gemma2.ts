// Gemma 2.

import { type ArchitectureDescription, PLAIN_DECODER } from "./description.ts";

/** llama.cpp, src/models/gemma2.cpp; its conversion has added 1 to the norms' weights. */
export const gemma2: ArchitectureDescription = {
  ...PLAIN_DECODER,
  isEmbeddingScaled: true,
  hasPostNorms: true,
  feedForward: "gelu-gated",
  window: { globalEvery: 2, defaultPositions: 4_096 },
  defaultCaps: { attention: 50, logits: 30 },
  wideScaleLayers: 46, // 27B
};
