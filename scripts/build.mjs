// npm run build: the kernel, the page and the command line, each where it is older than its sources.

import { bundleCommand } from "./command.mjs";
import { buildKernel } from "./kernel.mjs";
import { buildPage } from "./page.mjs";

await buildKernel();
await buildPage();
await bundleCommand();
