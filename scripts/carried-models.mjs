// The models that a built page carries: their files in its folder models/, and models.json, which the page reads.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const command = join(root, "packages/cli/tokenscope.mjs");

/** Puts these models, ids or paths, into the page's folder, the first as the one that opens; none takes away what an earlier build put there. */
export function carryModels(folder, names) {
  rmSync(join(folder, "models"), { recursive: true, force: true });
  rmSync(join(folder, "models.json"), { force: true });
  if (names.length === 0) return;
  mkdirSync(join(folder, "models"));
  const models = names.map((name) => {
    const { id, label = id, path, sha256, licence } = located(name);
    const url = `models/${encodeURIComponent(id)}.gguf`;
    copyFileSync(path, join(folder, "models", `${id}.gguf`));
    return {
      id,
      label,
      sizeBytes: statSync(path).size,
      sha256,
      licence,
      url: versioned(url, sha256),
    };
  });
  writeFileSync(join(folder, "models.json"), `${JSON.stringify({ models }, null, 2)}\n`);
}

/** The address changes with the file, so that no cache on the way answers with an older one. */
function versioned(url, sha256) {
  return `${url}?sha256=${sha256.slice(0, 16)}`;
}

/** What the command line knows of a model; one of the table is fetched first, and its terms are for the person who builds to accept. */
function located(name) {
  const known = JSON.parse(commandOutput(["models", "list", "--json"]));
  const entry = known.find(({ id }) => id === name);
  if (entry !== undefined)
    return { ...entry, path: commandOutput(["models", "fetch", name]).trim() };
  const info = JSON.parse(commandOutput(["models", "info", name, "--json"]));
  if (info.shards === 1) return { ...info, label: info.name ?? info.id };
  throw new Error(`${name} lies in ${info.shards} shards; a page carries models of one file`);
}

function commandOutput(args) {
  const stdio = ["inherit", "pipe", "inherit"];
  // A build of the page leaves NODE_ENV=production behind, with which npm would install half of the packages.
  const env = { ...process.env, NODE_ENV: "" };
  const { status, stdout } = spawnSync(process.execPath, [command, ...args], { stdio, env });
  if (status === 0) return stdout.toString();
  throw new Error(`tokenscope ${args.join(" ")} ended with ${status}; see above`);
}
