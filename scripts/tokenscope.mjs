// npx tokenscope: installs and builds what is missing or older than its source, then runs the command line.

import "./install.mjs";
import { pathToFileURL } from "node:url";
import { bundleCommand } from "./command.mjs";
import { buildKernel } from "./kernel.mjs";
import { buildPage } from "./page.mjs";

const args = process.argv.slice(2);
const [first] = args;
const isServe = first === undefined || first === "serve" || first.startsWith("-"); // serve is the default command
const isQuestion = args.some((arg) => ["-h", "--help", "-V", "--version"].includes(arg));
if (!isQuestion) await buildKernel();
if (isServe && !isQuestion) await buildPage();
await import(pathToFileURL(await bundleCommand()).href);
