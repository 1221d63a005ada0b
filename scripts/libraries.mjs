// Compiles the public libraries with their types into each one's dist, unless they are newer than their sources: what npm would publish, and what examples/ import.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isStale } from "./freshness.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = join(root, "packages");
const KERNEL = "kernel"; // stands in the engine's dist too, and is kernel.mjs's
export const LIBRARIES = ["core", "engine", "tokenizers", "models", "remote", "calls", "server"];

/** Compiles where something changed. */
export function compileLibraries() {
  const own = ["package-lock.json", "tsconfig.base.json"].map((name) => join(root, name));
  const inputs = [...LIBRARIES.map(sourceOf), ...own, fileURLToPath(import.meta.url)];
  if (!LIBRARIES.some((name) => isStale(join(packages, name, "dist/index.js"), inputs))) return;
  const startedAt = new Date();
  process.stderr.write("Compiling the libraries ...\n");
  const work = join(root, `.tmp/libraries-${process.pid}`);
  const compiled = join(work, "compiled");
  try {
    compile(compiled, work);
    for (const name of LIBRARIES) moveInto(join(packages, name, "dist"), join(compiled, name));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  for (const name of LIBRARIES) {
    utimesSync(join(packages, name, "dist/index.js"), startedAt, startedAt); // what changes meanwhile is newer
  }
}

function sourceOf(name) {
  return join(packages, name, "src");
}

/** All libraries at once: each sees the others' sources, as in the workspace. */
function compile(outDir, work) {
  const project = join(work, "tsconfig.json");
  mkdirSync(work, { recursive: true });
  const compilerOptions = {
    ...{ noEmit: false, incremental: false, declaration: true },
    ...{ rootDir: packages, outDir, types: ["node"] },
  };
  const include = LIBRARIES.map(sourceOf);
  const config = { extends: join(root, "tsconfig.base.json"), compilerOptions, include };
  writeFileSync(project, JSON.stringify(config));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", project], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the libraries do not compile:\n${stdout}`);
}

/** Replaces what an earlier compilation left. */
function moveInto(dist, compiled) {
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist)) {
    if (name !== KERNEL) rmSync(join(dist, name), { recursive: true });
  }
  for (const name of readdirSync(join(compiled, "src"))) {
    renameSync(join(compiled, "src", name), join(dist, name));
  }
}
