// Packs the public packages as npm publishes them: compiled with their types, the command with its kernel and page. `node scripts/pack.mjs [--out FOLDER]`.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundleCommand } from "./command.mjs";
import { buildKernel } from "./kernel.mjs";
import { buildPage } from "./page.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = join(root, "packages");
const LIBRARIES = ["core", "engine", "tokenizers", "models", "remote", "calls", "server"];

/** Writes a tarball of each public package; their paths. */
export async function packAll(out) {
  await buildKernel();
  await buildPage();
  await bundleCommand();
  const work = join(root, ".tmp/pack");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const compiled = join(work, "compiled");
  compile(compiled, work);
  for (const name of LIBRARIES) stageLibrary(name, join(work, name), compiled);
  stageCommand(join(work, "cli"));
  return [...LIBRARIES, "cli"].map((name) => {
    const [packed] = JSON.parse(
      run("npm", ["pack", "--json", "--pack-destination", out], join(work, name)),
    );
    return join(out, packed.filename);
  });
}

/** All libraries at once: each sees the others' sources, as in the workspace. */
function compile(outDir, work) {
  const project = join(work, "tsconfig.json");
  mkdirSync(work, { recursive: true });
  const compilerOptions = {
    ...{ noEmit: false, incremental: false, declaration: true },
    ...{ rootDir: packages, outDir, types: ["node"] },
  };
  delete compilerOptions.tsBuildInfoFile;
  const include = LIBRARIES.map((name) => join(packages, name, "src"));
  const config = { extends: join(root, "tsconfig.base.json"), compilerOptions, include };
  writeFileSync(project, JSON.stringify(config));
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], root);
}

function stageLibrary(name, folder, compiled) {
  const from = join(packages, name);
  cpSync(join(compiled, name, "src"), join(folder, "dist"), { recursive: true });
  cpSync(join(from, "src"), join(folder, "src"), { recursive: true });
  if (name === "engine") {
    cpSync(join(from, "dist/kernel"), join(folder, "dist/kernel"), { recursive: true });
    cpSync(join(from, "kernel"), join(folder, "kernel"), { recursive: true });
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
  try {
    const { values } = parseArgs({ options: { out: { type: "string" } } });
    const paths = await packAll(resolve(values.out ?? join(root, ".tmp/packs")));
    for (const path of paths) console.log(path);
  } catch (error) {
    console.error(`pack: ${error.message}`);
    process.exitCode = 1;
  }
}
