import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { GenerateJson, ScoreJson } from "@tokenscope/core";
import { bytesSource, readGguf, type TensorInfo } from "@tokenscope/engine";
import { describe, expect, test } from "vitest";
import { gemma3Path, referenceJson } from "../../../fixtures/index.ts";
import { fileModelId } from "../src/open-model.ts";
import { serve } from "./served.ts";
import { fileWith, run, runJson, TINY, unloadable } from "./test-world.ts";

const ALIGNMENT = 32;
const CHAT = JSON.stringify({ messages: [{ role: "user", content: "Hi" }] });
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** Writes the tiny model as gguf-split would, in two files; gives their paths. */
async function tinyShards(): Promise<readonly string[]> {
  const file = readFileSync(TINY);
  const { tensors } = await readGguf(bytesSource(file));
  const all = [...tensors.values()];
  const tableStart = file.indexOf(all[0]!.name, 24) - 8;
  const metadata = file.subarray(24, tableStart);
  const metadataCount = Number(file.readBigUInt64LE(16));
  const half = all.length / 2;
  const folder = mkdtempSync(join(tmpdir(), "tokenscope-shards-"));
  return [all.slice(0, half), all.slice(half)].map((some, no) => {
    const numbers = [
      number("split.no", { type: 2, bytes: 2, value: no }),
      number("split.count", { type: 2, bytes: 2, value: 2 }),
      number("split.tensors.count", { type: 5, bytes: 4, value: all.length }),
    ];
    const count = numbers.length + (no === 0 ? metadataCount : 0);
    const head = [file.subarray(0, 8), unsigned(some.length, 8), unsigned(count, 8)];
    const { table, data } = placed(file, some);
    const header = Buffer.concat([...head, ...(no === 0 ? [metadata] : []), ...numbers, ...table]);
    const path = join(folder, `tiny-0000${no + 1}-of-00002.gguf`);
    writeFileSync(path, Buffer.concat([aligned(header), ...data]));
    return path;
  });
}

/** The tensors' own table entries and data, with offsets from the start of this shard's data. */
function placed(file: Buffer, tensors: readonly TensorInfo[]) {
  let offset = 0;
  const data: Buffer[] = [];
  const table = tensors.map(({ name, dims, offset: start, byteLength }) => {
    const length = unsigned(name.length, 8);
    const at = file.indexOf(Buffer.concat([length, Buffer.from(name)]));
    const info = file.subarray(at, at + 8 + name.length + 4 + 8 * dims.length + 4);
    const entry = Buffer.concat([info, unsigned(offset, 8)]);
    data.push(aligned(file.subarray(start, start + byteLength)));
    offset += data.at(-1)?.length ?? 0;
    return entry;
  });
  return { table, data };
}

function aligned(bytes: Buffer): Buffer {
  return Buffer.concat([
    bytes,
    new Uint8Array((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT),
  ]);
}

function unsigned(value: number, bytes: 2 | 4 | 8): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, Math.min(bytes, 6));
  return buffer;
}

interface MetadataNumber {
  readonly type: number;
  readonly bytes: 2 | 4;
  readonly value: number;
}

function number(key: string, { type, bytes, value }: MetadataNumber): Buffer {
  return Buffer.concat([
    unsigned(key.length, 8),
    Buffer.from(key),
    unsigned(type, 4),
    unsigned(value, bytes),
  ]);
}

test("a model file's own name has no folder, no ending and no shard's number", () => {
  expect(fileModelId("/tmp/tiny.gguf")).toBe("tiny");
  expect(fileModelId("/tmp/big-00001-of-00003.gguf")).toBe("big");
});

test("a model in shards scores as the whole file does, whichever shard is named", async () => {
  const paths = await tinyShards();
  const args = ["score", "--text", "ab c", "--precision", "exact"];
  const [whole] = await runJson<{ tokens: unknown }>([...args, "--model", TINY]);
  for (const path of paths) {
    const [sharded] = await runJson<{ model: unknown; tokens: unknown }>([
      ...args,
      "--model",
      path,
    ]);
    expect(sharded?.tokens).toEqual(whole?.tokens);
    const hashes = paths.map((shard) => sha256(readFileSync(shard)));
    expect(sharded?.model).toMatchObject({ id: "tiny", sha256: sha256(hashes.join("")) });
  }
});

test("a model in shards is served to programs, and the page is not offered it", async () => {
  const [path = ""] = await tinyShards();
  const stderr: string[] = [];
  const world = {
    stderr: {
      isTerminal: false,
      columns: 80,
      write: async (text: string) => void stderr.push(text),
    },
  };
  const served = await serve(["serve", "--port", "0", "--no-open", "--model", path], { world });
  const listed = async (route: string) => (await fetch(new URL(route, served.url))).json();
  expect(await listed("/models.json")).toEqual({ models: [] });
  expect(await listed("/v1/models")).toMatchObject({ data: [{ id: "tiny", max_model_len: 256 }] });
  expect(await listed("/healthz")).toMatchObject({ engines: {} }); // the header told it
  const answer = await fetch(new URL("/v1/completions", served.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt: "ab c", max_tokens: 1 }),
  });
  expect(answer.status).toBe(200);
  await served.stop();
  expect(stderr.join("")).toContain("tiny is 2 files: it is there for programs");
});

test("models info tells in how many files a model is", async () => {
  const [path = ""] = await tinyShards();
  const [info] = await runJson<unknown>(["models", "info", path]);
  expect(info).toMatchObject({ id: "tiny", path, shards: 2, layers: 2, quantization: "Q8_0" });
});

/** The real base model, where a person has fetched it: it has terms of its own, so no test does. */
describe.skipIf(gemma3Path() === null)(
  "Gemma 3 270M, which has a start token and no chat template",
  () => {
    const path = gemma3Path() ?? "";
    const world = { env: { TOKENSCOPE_MODELS: dirname(path) } };
    const gemma = ["--model", "gemma-3-270m-q4_k_m"];

    test("is described by its file", async () => {
      const [info] = await runJson<unknown>(["models", "info", "gemma-3-270m-q4_k_m"], { world });
      expect(info).toMatchObject({
        path,
        isCached: true,
        licence: "Gemma Terms of Use",
        architecture: "gemma3",
        quantization: "Q4_K_M",
        vocabularySize: 262_144,
        startTokenId: 2,
        hasChatTemplate: false,
      });
    });

    test("scores a text after its start token, every token of it, and continues it", async () => {
      const options = { world };
      const [{ text, ids } = { text: "", ids: [] as readonly number[] }] = referenceJson<
        readonly { readonly text: string; readonly ids: readonly number[] }[]
      >("models/gemma3-270m-q4_k_m.json");
      const [scored] = await runJson<ScoreJson>(["score", "--text", text, ...gemma], options);
      expect(scored?.conventions).toMatchObject({
        firstToken: "after-start-token",
        startTokenId: 2,
      });
      expect([2, ...(scored?.tokens ?? []).map(({ id }) => id)]).toEqual(ids);
      expect(scored?.tokens.every(({ logprobNats }) => logprobNats !== null)).toBe(true);
      const args = ["generate", text, "--max-tokens", "3", ...gemma];
      const [generated] = await runJson<GenerateJson>(args, options);
      expect(generated).toMatchObject({ promptIds: ids, seed: 1 });
    });

    test.each(["next", "generate", "score"])(
      "%s refuses --chat before the weights are read",
      async (command) => {
        const chat = fileWith(CHAT, "chat.json");
        const { exitCode, stderr } = await run([command, "--chat", chat, ...gemma], {
          world: { ...world, openModel: unloadable },
        });
        expect(exitCode).toBe(2);
        expect(stderr).toBe(
          'tokenscope: the model "gemma-3-270m-q4_k_m" has no chat template, so it cannot take --chat; give the conversation as a text\n',
        );
      },
    );
  },
);
