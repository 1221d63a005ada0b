// npm run build: the kernel, the page and the command line, each where it is older than its sources.
// Options: `--with-model NAME` (again for more) puts a model beside the page, `--out FOLDER` builds the page elsewhere than packages/web/dist.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryModels } from "./carried-models.mjs";
import { bundleCommand } from "./command.mjs";
import { buildKernel } from "./kernel.mjs";
import { buildPage } from "./page.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const isCommand = process.argv[1] === fileURLToPath(import.meta.url); // npm test imports this file
const { values } = parseArgs({
  args: isCommand ? process.argv.slice(2) : [],
  options: { "with-model": { type: "string", multiple: true }, out: { type: "string" } },
});
const folder = resolve(values.out ?? resolve(root, "packages/web/dist"));

await buildKernel();
await buildPage(folder);
await bundleCommand();
if (isCommand) carryModels(folder, values["with-model"] ?? []);
