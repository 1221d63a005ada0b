// The command line as a whole: which commands there are, and how each run ends.

import { UsageError } from "@tokenscope/core";
import { Command } from "commander";
import { addBench } from "./commands/bench.ts";
import { addCompare } from "./commands/compare.ts";
import { addGenerate } from "./commands/generate.ts";
import { addModels } from "./commands/models.ts";
import { addNext } from "./commands/next.ts";
import { addScore } from "./commands/score.ts";
import { addServe } from "./commands/serve.ts";
import { addTokens } from "./commands/tokens.ts";
import { failureOf } from "./failure.ts";
import { addExamples } from "./help-examples.ts";
import { type World, writeLine } from "./world.ts";

const VERSION = "0.1.0";

/** Runs one command; gives its exit code and never throws. */
export async function runProgram(args: readonly string[], world: World): Promise<number> {
  try {
    const program = buildProgram(world);
    checkCommand(program, args);
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    const { exitCode, sentence } = failureOf(error, world.signal);
    if (sentence !== null) await writeLine(world.stderr, `tokenscope: ${sentence}`);
    return exitCode;
  }
}

function buildProgram(world: World): Command {
  const program = new Command("tokenscope")
    .description(
      "Look inside a language model and measure it, on your own machine.\nWithout a command it serves the page and opens it in your browser, as serve does.",
    )
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      outputError: () => {}, // runProgram says it, once and in one sentence
      getOutHelpWidth: () => world.stdout.columns,
    });
  addServe(program, world);
  addModels(program, world);
  addTokens(program, world);
  addNext(program, world);
  addScore(program, world);
  addCompare(program, world);
  addGenerate(program, world);
  addBench(program, world);
  addExamples(program);
  return program;
}

/** Commander would hand an unknown command to the default one and complain of an argument. */
function checkCommand(parent: Command, [first, ...rest]: readonly string[]): void {
  if (first === undefined || first.startsWith("-") || first === "help") return;
  const found = parent.commands.find((command) => command.name() === first);
  if (found === undefined) {
    const names = parent.commands.map((command) => command.name()).join(", ");
    const command = parent.parent === null ? "tokenscope" : `tokenscope ${parent.name()}`;
    throw new UsageError(
      `there is no command "${first}" of ${command}; known are ${names}; see ${command} --help`,
    );
  }
  if (found.commands.length > 0) checkCommand(found, rest);
}
