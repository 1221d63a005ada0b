// npm run build: the page and the command line, each where it is older than its sources.

import { bundleCommand } from "./command.mjs";
import { buildPage } from "./page.mjs";

await buildPage();
await bundleCommand();
