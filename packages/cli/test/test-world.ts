// A world for tests: captured streams, given input, models that are loaded once a file.

import { setMaxListeners } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "@tokenscope/core";
import { afterAll } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import { type OpenModel, openModel, openTextModel } from "../src/open-model.ts";
import { runProgram } from "../src/program.ts";
import type { Output, World } from "../src/world.ts";

/** A random llama model whose vocabulary is the 256 bytes and five special tokens; its context holds 256. */
export const TINY = referencePath("tiny/llama-q8_0.gguf");

export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Every single write, as a reader at a pipe would see them. */
  readonly writes: readonly string[];
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  readonly world?: Partial<World>;
  readonly isTerminal?: boolean;
}

const models = new Map<string, Promise<OpenModel>>();

afterAll(async () => {
  for (const model of models.values()) await (await model).engine.close();
  models.clear();
});

/** Runs the command line in this process. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const out = capture(options.isTerminal);
  const err = capture(options.isTerminal);
  const world = { ...testWorld(options), stdout: out.output, stderr: err.output, ...options.world };
  const exitCode = await runProgram(args, world);
  return { exitCode, stdout: out.text(), stderr: err.text(), writes: out.writes };
}

/** Runs a command and parses each of its lines as JSON; fails with what it said where it failed. */
export async function runJson<T>(args: readonly string[], options: RunOptions = {}): Promise<T[]> {
  const { exitCode, stdout, stderr } = await run([...args, "--json"], options);
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

/** Path of a new file with this content. */
export function fileWith(content: string | Uint8Array, name: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "tokenscope-cli-")), name);
  writeFileSync(path, content);
  return path;
}

function testWorld({ stdin = "" }: RunOptions): Omit<World, "stdout" | "stderr"> {
  const { signal } = new AbortController();
  setMaxListeners(0, signal); // as a process's own
  return {
    env: process.env,
    signal,
    pageDir: "/nowhere",
    kernelDir: fileURLToPath(new URL("../../engine/dist/kernel", import.meta.url)), // npm test builds it first
    readStdin: async () => (typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin),
    nowMs: () => performance.now(),
    openPage: () => {},
    ask: null,
    openTextModel,
    openModel: sharedModel,
  };
}

/** The real model behind a door that does not close. */
const sharedModel: World["openModel"] = async (options, world) => {
  const { model, precision, threads, weightBits } = options; // a command hands in all of its options
  const key = JSON.stringify([model, precision, threads, weightBits]);
  const known = models.get(key);
  const opened = known ?? openModel(options, world);
  if (known !== undefined) options.check?.(await known);
  if (known === undefined) models.set(key, opened);
  try {
    const ready = await opened;
    return { ...ready, engine: kept(ready.engine) };
  } catch (error) {
    models.delete(key);
    throw error;
  }
};

/** The tiny model in exact, at so many bits a weight where they are given; closed after the tests. */
export function openTiny(weightBits?: number): Promise<OpenModel> {
  const bits = weightBits !== undefined && { weightBits };
  const options = { model: TINY, precision: "exact", ...bits } as const;
  const { output } = capture();
  return sharedModel(options, { ...testWorld({}), stdout: output, stderr: output });
}

/** A model whose header and tokenizer can be read, and whose weights must not be. */
export const unloadable: World["openModel"] = async (options, world) => {
  options.check?.(await openTextModel(options.model, world));
  throw new Error("the weights were read");
};

/** The engine, whose close does nothing. */
function kept(engine: Engine): Engine {
  return new Proxy(engine, {
    get(target, name) {
      if (name === "close") return async () => {};
      const value: unknown = Reflect.get(target, name, target); // its private fields are its own
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function capture(isTerminal = false) {
  const writes: string[] = [];
  const output: Output = {
    isTerminal,
    columns: 80,
    write: async (text) => {
      writes.push(text);
    },
  };
  return { output, writes, text: () => writes.join("") };
}
