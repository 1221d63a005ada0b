/// <reference lib="webworker" />
// Opens the page's own engines over tiny files, in a browser, and runs the engine contract on them.

import { type Engine, tokenId } from "@tokenscope/core";
import { engineContract } from "@tokenscope/core/contracts";
import { bytesSource, readGguf } from "@tokenscope/engine";
import { openGpuEngine } from "../../../src/worker/gpu-engine.ts";
import { openKernelEngine } from "../../../src/worker/kernel-engine.ts";
import { isEqual } from "./equality.ts";
import type { EngineUnderTest, Heard, Question } from "./protocol.ts";

self.addEventListener("message", async ({ data }: MessageEvent<Question>) => {
  const heard = await answer(data).catch((error: unknown): Heard => {
    return { kind: "failed", message: String(error) };
  });
  self.postMessage(heard);
});

async function answer(question: Question): Promise<Heard> {
  if (question.kind === "scores") return { kind: "scores", ...(await scoresOf(question)) };
  await holds(question);
  return { kind: "sentence" };
}

async function open({ backend, precision, file, contextLength }: EngineUnderTest): Promise<Engine> {
  const response = await fetch(new URL(file, location.origin));
  const source = bytesSource(new Uint8Array(await response.arrayBuffer()));
  const gguf = await readGguf(source);
  const metadata = new Map(gguf.metadata);
  const key = `${metadata.get("general.architecture")}.context_length`;
  if (contextLength !== undefined) metadata.set(key, contextLength);
  const model = { source, gguf: { ...gguf, metadata }, precision };
  const opened = await (backend === "webgpu" ? openGpuEngine : openKernelEngine)(model);
  return opened.engine;
}

/** Runs one sentence of the contract; throws what it says is wrong. */
async function holds({ engine, sentence }: Question & { kind: "sentence" }): Promise<void> {
  const bodies = new Map<string, () => Promise<void>>();
  const test = (name: string, body: () => Promise<void>) => void bodies.set(name, body);
  engineContract("", () => open(engine), { test, expect: expectation });
  const body = bodies.get(`: ${sentence}`);
  if (body === undefined) throw new Error(`the contract has no sentence "${sentence}"`);
  await body();
}

function expectation(value: unknown) {
  return {
    toEqual(expected: unknown): void {
      if (!isEqual(value, expected)) throw new Error(`${shown(value)} is not ${shown(expected)}`);
    },
    toThrow(expected: RegExp): void {
      try {
        (value as () => unknown)();
      } catch (error) {
        if (error instanceof Error && expected.test(error.message)) return;
        throw error;
      }
      throw new Error(`nothing was thrown, where ${expected} was expected`);
    },
  };
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 200);
}

async function scoresOf({ engine, ids, size }: Question & { kind: "scores" }) {
  const opened = await open(engine);
  try {
    const sequence = opened.openSequence();
    for (let from = 0; from < ids.length; from += size) {
      for await (const _ of sequence.append(ids.slice(from, from + size).map(tokenId)));
    }
    const logprobsNats = sequence.tokens.map(({ score }) => score?.logprobNats ?? null);
    return { logprobsNats, threads: opened.threads };
  } finally {
    await opened.close();
  }
}
