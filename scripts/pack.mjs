// Packs the public packages as npm publishes them: compiled with their types, the command with its kernel and page. `node scripts/pack.mjs [--out FOLDER]`.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleCommand } from "./command.mjs";
import { buildKernel } from "./kernel.mjs";
import { compileLibraries, LIBRARIES } from "./libraries.mjs";
import { parseOptions } from "./options.mjs";
import { buildPage } from "./page.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = join(root, "packages");
const HELP = `Packs the public packages as npm publishes them, and prints the tarballs' paths.
  node scripts/pack.mjs [--out FOLDER]    into .tmp/packs unless told`;

/** Writes a tarball of each public package; their paths. */
export async function packAll(out) {
  await buildKernel();
  await buildPage();
  await bundleCommand();
  compileLibraries();
  const work = join(root, ".tmp/pack");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const name of LIBRARIES) stageLibrary(name, join(work, name));
  stageCommand(join(work, "cli"));
  return [...LIBRARIES, "cli"].map((name) => {
    const [packed] = JSON.parse(
      run("npm", ["pack", "--json", "--pack-destination", out], join(work, name)),
    );
    return join(out, packed.filename);
  });
}

function stageLibrary(name, folder) {
  const from = join(packages, name);
  for (const part of ["dist", "src", ...(name === "engine" ? ["kernel"] : [])]) {
    cpSync(join(from, part), join(folder, part), { recursive: true });
  }
  const { devDependencies, ...manifest } = readManifest(from);
  delete manifest.exports["./contracts"]; // for tests of this repository, which read TypeScript
  finish(folder, manifest);
}

/** The command carries its libraries in its bundle, and needs of npm only the runtime that it cannot. */
function stageCommand(folder) {
  const from = join(packages, "cli");
  const bundle = join(folder, "bundle");
  cpSync(join(from, "bundle"), bundle, { recursive: true });
  cpSync(join(packages, "engine/dist/kernel"), join(bundle, "kernel"), { recursive: true });
  cpSync(join(packages, "web/dist"), join(bundle, "page"), { recursive: true });
  writeFileSync(
    join(folder, "tokenscope.mjs"),
    '#!/usr/bin/env node\nimport "./bundle/main.js";\n',
  );
  const { devDependencies, dependencies, ...manifest } = readManifest(from);
  const runtime = "onnxruntime-node";
  finish(folder, { ...manifest, dependencies: { [runtime]: dependencies[runtime] } });
}

function finish(folder, manifest) {
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, null, 2));
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}\n${stderr}`);
  return stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = parseOptions(HELP, { out: { type: "string" } });
  const out = resolve(values.out ?? join(root, ".tmp/packs"));
  await packAll(out);
  for (const name of readdirSync(out)) console.log(join(out, name));
}
