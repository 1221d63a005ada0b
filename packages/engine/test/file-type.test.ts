import { expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { type Gguf, quantizationName, readGguf } from "../src/index.ts";
import { openFileSource } from "../src/node/index.ts";

async function tiny(): Promise<Gguf> {
  const source = await openFileSource(referencePath("tiny/llama-q5_0.gguf"));
  try {
    return await readGguf(source);
  } finally {
    await source.close();
  }
}

test.each([
  ["as its maker wrote it", 15, "Q4_K_M"], // of Gemma 3's file, most of whose weights are Q5_0
  ["by its commonest type where that is a number of another kind", 9_999, "Q5_0"],
  ["by its commonest type where that was only guessed", 1024 + 15, "Q5_0"],
  ["by its commonest type where nothing is written", undefined, "Q5_0"],
])("a file is named %s", async (_, fileType, name) => {
  const { metadata, tensors } = await tiny();
  const written = fileType === undefined ? [] : ([["general.file_type", fileType]] as const);
  expect(quantizationName({ metadata: new Map([...metadata, ...written]), tensors })).toBe(name);
});
