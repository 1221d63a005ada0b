// Llama 1 to 3, and those that are built alike: Mistral, SmolLM2.

import { type ArchitectureDescription, PLAIN_DECODER } from "./description.ts";

/** llama.cpp, src/models/llama.cpp; its conversion permutes the rows of q and k so that rotary pairs are neighbours. */
export const llama: ArchitectureDescription = {
  ...PLAIN_DECODER,
  positions: "rotary-interleaved",
  hasRopeFactors: true, // llama 3
};
