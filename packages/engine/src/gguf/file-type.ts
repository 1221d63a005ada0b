// The name people know a quantised file by. A mix such as Q4_K_M is a name of the whole file and of none of its tensors.

import type { Gguf } from "./gguf.ts";

/** What llama.cpp writes as general.file_type (llama_ftype in its llama.h); numbers that are left out were given up. */
const FILE_TYPES: readonly (readonly [fileType: number, name: string])[] = [
  [0, "F32"],
  [1, "F16"],
  [2, "Q4_0"],
  [3, "Q4_1"],
  [7, "Q8_0"],
  [8, "Q5_0"],
  [9, "Q5_1"],
  [10, "Q2_K"],
  [11, "Q3_K_S"],
  [12, "Q3_K_M"],
  [13, "Q3_K_L"],
  [14, "Q4_K_S"],
  [15, "Q4_K_M"],
  [16, "Q5_K_S"],
  [17, "Q5_K_M"],
  [18, "Q6_K"],
  [21, "Q2_K_S"],
  [25, "IQ4_NL"],
  [30, "IQ4_XS"],
  [32, "BF16"],
  [38, "MXFP4"],
];
const NAMES: ReadonlyMap<unknown, string> = new Map(FILE_TYPES);

/** A file's quantisation as its maker wrote it, or else the tensor type that holds most of its weights. Examples: Gemma's file of Q5_0, Q4_K and Q6_K -> "Q4_K_M", SmolLM2's -> "Q4_1". */
export function quantizationName({ metadata, tensors }: Gguf): string {
  return NAMES.get(metadata.get("general.file_type")) ?? commonestType(tensors);
}

function commonestType(tensors: Gguf["tensors"]): string {
  const elements = new Map<string, number>();
  for (const { type, dims, name } of tensors.values()) {
    if (dims.length < 2 || name.startsWith("token_embd")) continue;
    const count = dims.reduce((product, dim) => product * dim, 1);
    elements.set(type.name, (elements.get(type.name) ?? 0) + count);
  }
  const [most] = [...elements].toSorted((a, b) => b[1] - a[1]);
  return most?.[0] ?? "F32";
}
