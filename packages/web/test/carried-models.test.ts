import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";

const script = new URL("../../../scripts/carried-models.mjs", import.meta.url).href;
const { carryModels } = (await import(script)) as {
  carryModels: (folder: string, names: readonly string[]) => void;
};
const folder = mkdtempSync(join(tmpdir(), "tokenscope-page-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a page carries the file that it is given, named by its sha256, and a build without one takes it away", () => {
  const path = referencePath("tiny/llama-tied.gguf");
  const bytes = readFileSync(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  carryModels(folder, [path]);
  expect(JSON.parse(readFileSync(join(folder, "models.json"), "utf8"))).toEqual({
    models: [
      {
        id: "llama-tied",
        label: "llama-tied",
        sizeBytes: bytes.length,
        sha256,
        licence: null,
        url: `models/llama-tied.gguf?sha256=${sha256.slice(0, 16)}`,
      },
    ],
  });
  expect(readFileSync(join(folder, "models/llama-tied.gguf")).equals(bytes)).toBe(true);
  carryModels(folder, []);
  expect(existsSync(join(folder, "models.json"))).toBe(false);
  expect(existsSync(join(folder, "models"))).toBe(false);
});

test("a model that nobody knows ends the build with the command's own words", () => {
  expect(() => carryModels(folder, ["no-such-model"])).toThrow(
    /tokenscope models info no-such-model --json ended with 2/,
  );
});
