// The command's entry: this process's streams, signals and clock as a world, and its exit code.

import { processWorld } from "./process-world.ts";
import { runProgram } from "./program.ts";

process.exitCode = await runProgram(process.argv.slice(2), processWorld());
