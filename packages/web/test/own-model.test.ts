import { createHash } from "node:crypto";
import { MODELS } from "@tokenscope/models";
import { expect, test } from "vitest";
import { blobSha256, identifiedModel } from "../src/worker/own-model.ts";

const never = new AbortController().signal;
const quiet = { onProgress: () => {}, signal: never };
const model = (file: Blob) => ({
  id: "mine",
  label: "mine",
  url: "",
  sha256: "",
  fileBytes: file.size,
  file,
});

test.each([0, 3, 2 ** 23, 2 ** 23 + 1])(
  "the sha256 of %i bytes is Node's, piece by piece",
  async (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) % 256);
    const progress: number[] = [];
    const options = { ...quiet, onProgress: (read: number) => void progress.push(read) };
    const expected = createHash("sha256").update(bytes).digest("hex");
    expect(await blobSha256(new Blob([bytes]), options)).toBe(expected);
    expect(progress.at(-1) ?? 0).toBe(length);
    expect(progress).toHaveLength(Math.ceil(length / 2 ** 23));
  },
);

test("a file that nobody knows keeps its name", async () => {
  const file = new Blob(["abc"]);
  const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-2's example
  expect(await identifiedModel(model(file), quiet)).toEqual({ ...model(file), sha256 });
});

test("a file that was read before is not read again", async () => {
  const [known] = MODELS;
  const named = { ...model(new Blob(["abc"])), sha256: known?.sha256 ?? "" };
  expect(await identifiedModel(named, quiet)).toBe(named);
});

test("a load that was given up reads no further", async () => {
  const abort = new AbortController();
  abort.abort();
  const reading = blobSha256(new Blob(["abc"]), { ...quiet, signal: abort.signal });
  await expect(reading).rejects.toMatchObject({ name: "AbortError" });
});
