import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "@tokenscope/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { shardNames, shardUrls, wholeName } from "../src/index.ts";
import { cachePath, locateModel, modelSha256 } from "../src/node/index.ts";

const NAMES = ["big-00001-of-00003.gguf", "big-00002-of-00003.gguf", "big-00003-of-00003.gguf"];
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

let folder: string;
let server: Server | null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tokenscope-shards-"));
  server = null;
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  await rm(folder, { recursive: true, force: true });
});

async function writeShards(names: readonly string[]): Promise<void> {
  for (const name of names) await writeFile(join(folder, name), `GGUF of ${name}`);
}

/** Serves these files by name; gives the address and the paths that were asked for. */
async function serveShards(names: readonly string[]) {
  const asked: string[] = [];
  const listening = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const name = names.find((known) => path.startsWith(`/m/${known}`));
    response.writeHead(name === undefined ? 404 : 200).end(`GGUF of ${name}`);
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return { host: `127.0.0.1:${(listening.address() as AddressInfo).port}`, asked };
}

test("any shard's name gives the names of all", () => {
  for (const name of NAMES) expect(shardNames(name)).toEqual(NAMES);
  expect(wholeName("big-00002-of-00003.gguf")).toBe("big.gguf");
  expect(shardNames("Big-00001-of-00001.GGUF")).toEqual(["Big-00001-of-00001.GGUF"]);
});

test.each([
  "big.gguf",
  "big-1-of-3.gguf",
  "big-00000-of-00003.gguf",
  "big-00004-of-00003.gguf",
  "-00001-of-00003.gguf",
  "big-00001-of-00003.gguf.txt",
])("%s names one file", (name) => {
  expect(shardNames(name)).toBeNull();
  expect(wholeName(name)).toBe(name);
});

test("any shard's address gives the addresses of all, with the key each", () => {
  expect(shardUrls("https://a.test/x/b-00002-of-00002.gguf?key=1")).toEqual([
    "https://a.test/x/b-00001-of-00002.gguf?key=1",
    "https://a.test/x/b-00002-of-00002.gguf?key=1",
  ]);
  expect(shardUrls("https://a.test/b.gguf?of=b-00002-of-00002.gguf")).toBeNull();
});

test("any shard's path means the whole model", async () => {
  await writeShards(NAMES);
  const paths = NAMES.map((name) => join(folder, name));
  for (const path of paths) {
    const model = await locateModel(path, { folder });
    expect(model).toEqual({ path: paths[0], paths, fileBytes: 3 * 31, entry: null }); // "GGUF of big-0000N-of-00003.gguf"
  }
});

test("a missing shard is named, also where it is the one that was typed", async () => {
  await writeShards([NAMES[0]!, NAMES[2]!]);
  const sentence = new UsageError(
    `this model is in 3 files, and there is no big-00002-of-00003.gguf in ${folder}; put all 3 files into that folder`,
    { httpStatus: 404 },
  );
  for (const name of NAMES) {
    await expect(locateModel(join(folder, name), { folder })).rejects.toThrow(sentence);
  }
  await rm(join(folder, NAMES[2]!));
  await expect(locateModel(join(folder, NAMES[0]!), { folder })).rejects.toThrow(
    "there is no big-00002-of-00003.gguf and 1 more in",
  );
  await rm(join(folder, NAMES[0]!));
  await expect(locateModel(join(folder, NAMES[0]!), { folder })).rejects.toThrow(
    /^there is no model and no file/,
  );
});

test("a sharded model is identified by its shards' hashes in order, one file by its own", async () => {
  await writeShards(NAMES);
  const paths = NAMES.map((name) => join(folder, name));
  const hashes = NAMES.map((name) => sha256(`GGUF of ${name}`));
  expect(await modelSha256({ paths })).toBe(sha256(hashes.join("")));
  expect(await modelSha256({ paths: paths.slice(0, 1) })).toBe(hashes[0]);
});

test("any shard's address fetches all of them once, in their order", async () => {
  const { host, asked } = await serveShards(NAMES);
  const url = `http://${host}/m/big-00003-of-00003.gguf?key=secret`;
  const model = await locateModel(url, { folder });
  expect(model.paths).toEqual(NAMES.map((name) => cachePath(folder, sha256(`GGUF of ${name}`))));
  expect(await readFile(model.path, "utf8")).toBe("GGUF of big-00001-of-00003.gguf");
  expect(asked).toEqual(NAMES.map((name) => `/m/${name}?key=secret`));
  expect(await locateModel(url, { folder })).toEqual(model);
  expect(asked).toHaveLength(3);
});

test("a shard that an address does not give is named by its number, and those before it stay", async () => {
  const first = NAMES.slice(0, 1);
  const { host, asked } = await serveShards(first);
  const url = `http://${host}/m/big-00001-of-00003.gguf?key=secret`;
  const fetching = () => locateModel(url, { folder });
  await expect(fetching()).rejects.toThrow(
    `cannot fetch the model, shard 2 of 3: ${host} answered 404; check the address, or download the file yourself and give its path`,
  );
  expect(await readdir(folder)).toContain(`${sha256("GGUF of big-00001-of-00003.gguf")}.gguf`);
  await expect(fetching()).rejects.toThrow("shard 2 of 3");
  expect(asked.map((path) => path.slice(3, 12))).toEqual(["big-00001", "big-00002", "big-00002"]);
});
