// The architectures that are readable: one line each.

import type { ArchitectureDescription } from "./description.ts";
import { gemma2 } from "./gemma2.ts";
import { gemma3 } from "./gemma3.ts";
import { gpt2 } from "./gpt2.ts";
import { llama } from "./llama.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";

/** By the name that general.architecture gives. */
export const ARCHITECTURES: ReadonlyMap<string, ArchitectureDescription> = new Map([
  ["llama", llama],
  ["qwen2", qwen2],
  ["qwen3", qwen3],
  ["gemma2", gemma2],
  ["gemma3", gemma3],
  ["gpt2", gpt2],
]);
