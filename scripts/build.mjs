// npm run build: the kernel, the page, the command line and the libraries, each where it is older than its sources.
// Options: `--with-model NAME` (again for more) puts a model beside the page, `--out FOLDER` builds the page elsewhere than packages/web/dist.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { carryModels } from "./carried-models.mjs";
import { bundleCommand } from "./command.mjs";
import { buildKernel } from "./kernel.mjs";
import { compileLibraries } from "./libraries.mjs";
import { parseOptions } from "./options.mjs";
import { buildPage } from "./page.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const isCommand = process.argv[1] === fileURLToPath(import.meta.url); // npm test imports this file
const HELP = `Builds the kernel, the page, the command line and the libraries.
  npm run build -- [--with-model NAME]... [--out FOLDER]
  --with-model NAME  puts a model beside the page; again for more
  --out FOLDER       builds the page there and not in packages/web/dist`;
const values = parseOptions(
  HELP,
  { "with-model": { type: "string", multiple: true }, out: { type: "string" } },
  isCommand ? process.argv.slice(2) : [],
);
const folder = resolve(values.out ?? resolve(root, "packages/web/dist"));

await buildKernel();
await buildPage(folder);
await bundleCommand();
compileLibraries();
if (isCommand) carryModels(folder, values["with-model"] ?? []);
