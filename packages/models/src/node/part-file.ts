// A download in progress: `<name>.<process id>-<n>.part`. A process writes only parts it owns and takes over those of processes that ended, by one
// atomic rename, so that two at once never write the same file and an interrupted download is still resumed.

import { readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { errorCode } from "./disk.ts";

const PART = /^(?<name>.+)\.(?<pid>\d+)-\d+\.part$/;
const owned = new Set<string>(); // file names this process is writing

/** Path of a part that this process alone writes: one left behind by an ended process where there is one, else a new name. Free it with `releasePart`. */
export async function claimPart(folder: string, name: string): Promise<string> {
  let n = 0;
  while (owned.has(partName(name, n))) n += 1;
  const own = partName(name, n);
  owned.add(own);
  for (const left of await leftParts(folder, name)) {
    if (left === own) break;
    if (await isMoved(join(folder, left), join(folder, own))) break;
  }
  return join(folder, own);
}

/** Gives a part up: another process may now take it over. */
export function releasePart(path: string): void {
  owned.delete(basename(path));
}

/** Removes what ended processes left of this file. */
export async function removeLeftParts(folder: string, name: string): Promise<void> {
  for (const left of await leftParts(folder, name)) await rm(join(folder, left), { force: true });
}

/** File names of parts of `name` that no running process owns. */
async function leftParts(folder: string, name: string): Promise<readonly string[]> {
  const files = await readdir(folder);
  return files.filter((file) => {
    const match = PART.exec(file)?.groups;
    if (match?.["name"] !== name) return false;
    const pid = Number(match["pid"]);
    return pid === process.pid ? !owned.has(file) : !isRunning(pid);
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM"; // it runs, as another user
  }
}

async function isMoved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false; // another process was quicker
    throw error;
  }
}

function partName(name: string, n: number): string {
  return `${name}.${process.pid}-${n}.part`;
}
