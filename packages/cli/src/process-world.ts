// The world of a real process.

import { once, setMaxListeners } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { openModel, openTextModel } from "./open-model.ts";
import { openPage } from "./open-page.ts";
import type { Output, World } from "./world.ts";

const DEFAULT_COLUMNS = 80;

/** This process's streams, environment and signals. A reader that goes away (`| head`) ends the process without a word; a second Ctrl-C ends it at once. */
export function processWorld(): World {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // each of many requests at once listens
  process.once("SIGINT", () => {
    controller.abort();
    process.once("SIGINT", () => process.exit(130));
  });
  process.once("SIGTERM", () => controller.abort());
  const stderr = outputOf(process.stderr);
  return {
    stdout: outputOf(process.stdout),
    stderr,
    ask: terminalAsk({ stderr, signal: controller.signal }),
    env: process.env,
    signal: controller.signal,
    pageDir: ownFolder("page", "web/dist"),
    kernelDir: ownFolder("kernel", "engine/dist/kernel"),
    readStdin: () => readStdin(controller.signal),
    nowMs: () => performance.now(),
    openModel,
    openTextModel,
    openPage,
  };
}

/** A folder beside the bundle, as the npm package has it, else in its place in this repository, as seen from packages/cli/bundle and packages/cli/src alike. */
function ownFolder(packed: string, inRepository: string): string {
  const beside = fileURLToPath(new URL(packed, import.meta.url));
  const here = fileURLToPath(new URL(`../../${inRepository}`, import.meta.url));
  return existsSync(beside) ? beside : here;
}

function outputOf(stream: NodeJS.WriteStream): Output {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || error.code === "ECONNRESET") process.exit(0); // the reader has gone; its end of a socket may say so either way
    throw error;
  });
  return {
    isTerminal: stream.isTTY === true,
    columns: stream.columns ?? DEFAULT_COLUMNS,
    async write(text) {
      if (!stream.write(text)) await once(stream, "drain");
    },
  };
}

async function readStdin(signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  signal.addEventListener("abort", () => process.stdin.destroy(signal.reason));
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** Asks at this process's terminal, and gives "" at the end of the input; null where its input or stderr is none. */
function terminalAsk({ stderr, signal }: Pick<World, "stderr" | "signal">): World["ask"] {
  if (!process.stdin.isTTY || !stderr.isTerminal) return null;
  return async (question) => {
    const lines = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: false,
    }); // as a terminal it would swallow Ctrl-C
    try {
      const ended = once(lines, "close").then(() => null);
      const answer = await Promise.race([lines.question(question, { signal }), ended]);
      if (answer === null) await stderr.write("\n"); // nobody pressed Enter
      return answer ?? "";
    } finally {
      lines.close();
    }
  };
}
