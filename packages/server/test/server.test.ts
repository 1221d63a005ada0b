import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { UsageError } from "@tokenscope/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningServer, startServer } from "../src/index.ts";

const MODEL = Buffer.from("0123456789");
const SHA256 = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"; // of MODEL
const SCRIPT = "export const answer = 42;\n".repeat(50);
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tokenscope-server-"));
  const assets = join(folder, "page/assets");
  await mkdir(assets, { recursive: true });
  await writeFile(join(folder, "page/index.html"), "<title>Tokenscope</title>");
  const script = join(assets, "main-AbCd1234.js");
  await writeFile(script, SCRIPT);
  await writeFile(`${script}.br`, brotliCompressSync(SCRIPT));
  await writeFile(`${script}.gz`, gzipSync(SCRIPT));
  await writeFile(join(assets, "lone.js"), SCRIPT);
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(folder, "tiny.gguf"), MODEL);
  server = await startServer(options());
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function options(more: { port?: number; host?: string } = {}) {
  const path = join(folder, "tiny.gguf");
  const known = { id: "tiny", label: "Tiny", sizeBytes: 10, sha256: SHA256, licence: "MIT" };
  return {
    port: 0,
    host: "127.0.0.1",
    pageDir: join(folder, "page"),
    models: [
      { ...known, path },
      { ...known, id: "gone", path: join(folder, "gone.gguf") },
    ],
    allowHosts: ["class.example"],
    connectTo: ["https://hub.example"],
    ...more,
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Sends the path as it is: fetch would tidy `..` away, set its own Host and decode the body. */
function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    asked.on("error", reject).end();
  });
}

test("the page is at / and is asked for again each time", async () => {
  const { status, headers, body } = await ask("/");
  expect(status).toBe(200);
  expect(body.toString()).toBe("<title>Tokenscope</title>");
  expect(headers["content-type"]).toMatch(/^text\/html/);
  expect(headers["cache-control"]).toBe("no-cache");
});

test.each([
  "/",
  "/assets/main-AbCd1234.js",
  "/models.json",
  "/models/tiny.gguf",
  "/healthz",
  "/no",
])("%s carries isolation and a strict policy, and no HSTS", async (path) => {
  const { headers } = await ask(path);
  expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
  expect(headers["cross-origin-embedder-policy"]).toBe("require-corp");
  expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
  expect(headers["content-security-policy"]).toMatch(
    /^default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self' 'unsafe-inline'; .*; connect-src 'self' https:\/\/hub\.example$/,
  );
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["strict-transport-security"]).toBeUndefined();
});

test("hashed assets are kept for good and sent compressed where that is understood", async () => {
  const path = "/assets/main-AbCd1234.js";
  const brotli = await ask(path, { "accept-encoding": "gzip, deflate, br" });
  expect(brotli.headers["content-encoding"]).toBe("br");
  expect(brotli.headers["vary"]).toMatch(/accept-encoding/i);
  expect(brotli.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  expect(brotli.body.equals(brotliCompressSync(SCRIPT))).toBe(true);
  expect((await ask(path, { "accept-encoding": "gzip" })).headers["content-encoding"]).toBe("gzip");
  expect((await ask(path)).body.toString()).toBe(SCRIPT);
  const lone = await ask("/assets/lone.js", { "accept-encoding": "br" });
  expect(lone.headers["content-encoding"]).toBeUndefined();
  expect(lone.headers["cache-control"]).toBe("no-cache");
});

test("healthz and models.json say what is there", async () => {
  const health = await ask("/healthz");
  expect(JSON.parse(health.body.toString())).toEqual({
    status: "ok",
    models: ["tiny", "gone"],
    engines: {},
  });
  const { models } = JSON.parse((await ask("/models.json")).body.toString());
  expect(models[0]).toEqual({
    id: "tiny",
    label: "Tiny",
    sizeBytes: 10,
    sha256: SHA256,
    licence: "MIT",
    url: `models/tiny.gguf?sha256=${SHA256.slice(0, 16)}`,
  });
  expect((await ask(`/${models[0].url}`)).body.toString()).toBe("0123456789");
});

test.each([
  ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
  ["bytes=7-", 206, "789", "bytes 7-9/10"],
  ["bytes=-2", 206, "89", "bytes 8-9/10"],
  ["bytes=10-", 416, "", "bytes */10"],
  ["bytes=0-1,3-4", 200, "0123456789", undefined],
])("a model file with %s answers %i", async (range, status, text, contentRange) => {
  const answer = await ask("/models/tiny.gguf", { range });
  expect([answer.status, answer.body.toString()]).toEqual([status, text]);
  expect(answer.headers["content-range"]).toBe(contentRange);
});

test("a model file is a version: its sha256 is the ETag, and it may be kept for good", async () => {
  const etag = `"${SHA256}"`;
  const whole = await ask("/models/tiny.gguf");
  expect(whole.headers["etag"]).toBe(etag);
  expect(whole.headers["content-length"]).toBe("10");
  expect(whole.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  const again = await ask("/models/tiny.gguf", { "if-none-match": `"x", W/${etag}` });
  expect([again.status, again.body.length]).toEqual([304, 0]);
  const range = "bytes=0-3";
  expect((await ask("/models/tiny.gguf", { range, "if-range": etag })).status).toBe(206);
  expect((await ask("/models/tiny.gguf", { range, "if-range": '"old"' })).status).toBe(200);
  expect((await ask("/models/tiny.gguf", {}, "HEAD")).headers["content-length"]).toBe("10");
});

test.each([
  "/models/../secret.txt",
  "/models/..%2fsecret.txt",
  "/models/%2e%2e%2fsecret.txt",
  "/../secret.txt",
  "/..%2fsecret.txt",
  "/assets/..%2f..%2fsecret.txt",
  "/assets/%2e%2e/%2e%2e/secret.txt",
  "/..\\secret.txt",
])("%s does not leave the page's folder", async (path) => {
  const { status, body } = await ask(path);
  expect([400, 404]).toContain(status);
  expect(body.toString()).not.toBe("secret");
});

test("an unknown model file is named with what is served", async () => {
  const { status, body } = await ask("/models/gpt-9.gguf");
  expect(status).toBe(404);
  expect(body.toString()).toBe(
    'there is no model file "gpt-9.gguf" here; served are: tiny.gguf, gone.gguf',
  );
});

test("a model file that was removed meanwhile is a sentence, and the server lives on", async () => {
  const { status, body } = await ask("/models/gone.gguf");
  expect(status).toBe(500);
  expect(body.toString()).toMatch(/^the file of the model "gone" is gone/);
  expect((await ask("/healthz")).status).toBe(200);
});

test.each([
  ["127.0.0.1:8376", 200],
  ["LOCALHOST", 200],
  ["[::1]:8376", 200],
  ["class.example:80", 200],
  ["evil.example", 403],
  ["127.0.0.1.evil.example", 403],
])("a request for the host %s answers %i", async (host, status) => {
  const answer = await ask("/healthz", { host });
  expect(answer.status).toBe(status);
  if (status === 403) expect(answer.body.toString()).toContain(`--allow-host ${host}`);
});

test.each([
  ["http://127.0.0.1:PORT", 200],
  ["https://class.example", 200],
  ["http://127.0.0.1:1", 403],
  ["https://evil.example", 403],
  ["http://class.example.evil.example", 403],
  ["ftp://class.example", 403],
  ["null", 403],
  ["nonsense", 403],
])(
  "a page of %s is answered %i, and no answer may be read across origins",
  async (page, status) => {
    const origin = page.replace("PORT", new URL(server.url).port);
    for (const path of ["/", "/healthz", "/models.json", "/v1/models", "/tokenize"]) {
      const { headers, ...answer } = await ask(path, { origin });
      expect([path, answer.status === 403]).toEqual([path, status === 403]);
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  },
);

test("a script of another site's page does not reach the API, a link to the page does", async () => {
  const headers = { "sec-fetch-site": "cross-site" };
  expect((await ask("/v1/models", headers)).status).toBe(403);
  expect((await ask("/v1/models", { "sec-fetch-site": "same-site" })).status).toBe(403);
  expect((await ask("/v1/models", { "sec-fetch-site": "same-origin" })).status).toBe(200);
  expect((await ask("/", headers)).status).toBe(200);
});

test("a port in use is a usage error that names the port and --port", async () => {
  const port = Number(new URL(server.url).port);
  const second = startServer(options({ port }));
  await expect(second).rejects.toThrow(UsageError);
  await expect(second).rejects.toThrow(
    `port ${port} on 127.0.0.1 is in use by another program; stop that one, or take another port with --port`,
  );
});

test("a host that is not this machine's, and a page that was not built, are usage errors", async () => {
  await expect(startServer(options({ host: "192.0.2.1" }))).rejects.toThrow(
    "192.0.2.1 is no address of this machine; leave --host out",
  );
  await expect(startServer({ ...options(), pageDir: folder })).rejects.toThrow(
    `there is no page in ${folder}; build it with npm run build`,
  );
});

test("a closed server frees its port at once", async () => {
  const first = await startServer(options());
  const port = Number(new URL(first.url).port);
  await first.close();
  const second = await startServer(options({ port }));
  expect(second.url).toBe(first.url);
  await second.close();
});
