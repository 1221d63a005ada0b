// Whether something built is older than what it was built from.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** True where `output` is missing or some input changed after it. A folder counts too: its own time tells of files added and removed. */
export function isStale(output, inputs) {
  const built = statSync(output, { throwIfNoEntry: false });
  return built === undefined || inputs.some((input) => newestMs(input) > built.mtimeMs);
}

function newestMs(path) {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return 0;
  if (!entry.isDirectory()) return entry.mtimeMs;
  return readdirSync(path).reduce(
    (newest, name) => Math.max(newest, newestMs(join(path, name))),
    entry.mtimeMs,
  );
}
