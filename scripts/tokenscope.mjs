// npx tokenscope: installs and builds what is missing or older than its source, then runs the command line.

import "./install.mjs";
import { pathToFileURL } from "node:url";
import { bundleCommand } from "./command.mjs";
import { buildPage } from "./page.mjs";

const [first] = process.argv.slice(2);
const isServe = first === undefined || first === "serve" || first.startsWith("-"); // serve is the default command
if (isServe) await buildPage();
await import(pathToFileURL(await bundleCommand()).href);
