// Installs what the lockfile names, unless this very lockfile is installed already. Runs before any package is there, so it needs none.
// Importing it is running it.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = [20, 19];
const root = fileURLToPath(new URL("..", import.meta.url));
const mark = join(root, "node_modules/.lock-hash"); // npm ci empties node_modules, so the mark goes with it

requireNode();
const lockHash = `${createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex")} ${process.platform} ${process.arch}`;
if (!existsSync(mark) || readFileSync(mark, "utf8") !== lockHash) install();

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  console.error(
    `Tokenscope needs Node ${OLDEST_NODE.join(".")} or newer; this is ${process.versions.node}: install a newer one from nodejs.org.`,
  );
  process.exit(1);
}

function install() {
  process.stderr.write("Installing packages, once ...\n");
  // Standard output belongs to the command that comes after.
  const options = { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" };
  const { status } = spawnSync("npm", ["ci", "--loglevel=error"], options);
  if (status !== 0) {
    console.error("npm ci failed, see above; Tokenscope cannot start without its packages.");
    process.exit(1);
  }
  removeForeignBinaries();
  writeFileSync(mark, lockHash);
}

/** onnxruntime-node carries the libraries of five platforms, 240 MB; one is used. */
function removeForeignBinaries() {
  const folder = join(root, "node_modules/onnxruntime-node/bin/napi-v6");
  if (!existsSync(join(folder, process.platform, process.arch))) return;
  for (const platform of readdirSync(folder)) {
    for (const arch of readdirSync(join(folder, platform))) {
      if (platform === process.platform && arch === process.arch) continue;
      rmSync(join(folder, platform, arch), { recursive: true, force: true });
    }
  }
}
