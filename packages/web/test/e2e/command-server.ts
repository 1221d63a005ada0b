// `tokenscope serve` as a process of its own, as a person starts it.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const COMMAND = fileURLToPath(new URL("../../../cli/tokenscope.mjs", import.meta.url));

export interface CommandServer {
  readonly url: string;
  /** What it has written so far, to both outputs. */
  readonly said: () => string;
  /** Kills it, as a machine that goes down does. */
  stop(): Promise<void>;
}

/** Starts the command and waits until it says where it is; on a free port unless one is named. */
export async function startCommandServer(args: readonly string[]): Promise<CommandServer> {
  const port = args.includes("--port") ? [] : ["--port", "0"];
  const child = spawn(process.execPath, [COMMAND, "serve", "--no-open", ...port, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (words) => {
    said += words;
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (words) => {
      said += words;
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    });
    child.once("exit", () => reject(new Error(`serve ended: ${said}`)));
  });
  return { url, said: () => said, stop: () => stopped(child) };
}

/** What another command prints as JSON. */
export async function commandJson<T>(args: readonly string[]): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [COMMAND, ...args, "--json"]);
  return JSON.parse(stdout) as T;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}
