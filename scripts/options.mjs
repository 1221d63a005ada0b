// Options of a script: --help prints what it says of itself, and one that it does not know is a sentence.

import { parseArgs } from "node:util";

/** The values of the options in `args`; ends the process after --help, and with 2 where one is unknown. */
export function parseOptions(help, options, args = process.argv.slice(2)) {
  try {
    const { values } = parseArgs({
      args,
      options: { ...options, help: { type: "boolean", short: "h" } },
    });
    if (!values.help) return values;
    console.log(help);
    process.exit(0);
  } catch (error) {
    if (!String(error.code).startsWith("ERR_PARSE_ARGS")) throw error;
    console.error(`${error.message.split(". ")[0]}; see --help`);
    process.exit(2);
  }
}
