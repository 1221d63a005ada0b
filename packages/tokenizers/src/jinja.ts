// Chat templates as text: @huggingface/jinja with sentences for errors. Knows neither tokens nor places.

import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { FormatError, UsageError } from "@tokenscope/core";

/** A template that writes text; `render` throws UsageError where the template refuses and FormatError where it is broken. */
export interface TextTemplate {
  render(variables: Readonly<Record<string, unknown>>): string;
}

/** Reads a template's source. `now` is the clock of strftime_now; without it the template sees no clock. Throws FormatError. */
export function buildTextTemplate(source: string, now?: () => Date): TextTemplate {
  const program = parseProgram(source);
  return {
    render: (variables) => {
      try {
        const environment = templateEnvironment(now);
        for (const [name, value] of Object.entries(variables)) environment.set(name, value);
        return String(new Interpreter(environment).run(program).value);
      } catch (error) {
        if (error instanceof UsageError) throw error;
        throw new FormatError(
          `chat template: it fails on these messages (${errorText(error)}); remove what it cannot take, or use another template`,
          { cause: error },
        );
      }
    },
  };
}

function parseProgram(source: string): ReturnType<typeof parse> {
  try {
    return parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (error) {
    throw new FormatError(
      `chat template: it cannot be read (${errorText(error)}) ${brokenPlace(source)}; mend tokenizer.chat_template or use another model`,
      { cause: error },
    );
  }
}

function errorText(error: unknown): string {
  // The library's parser reads past its last token and crashes instead of saying so.
  if (error instanceof TypeError) return "a tag or block is not closed, or a value is missing";
  return error instanceof Error ? error.message : String(error);
}

/** The line of the first tag that is opened and not closed, else the last line: the library gives no position. */
function brokenPlace(source: string): string {
  const line = (offset: number) => source.slice(0, offset).split("\n").length;
  const tags = [...source.matchAll(/\{[{%#]/g)];
  const unclosed = tags.find(
    ({ index }, i) => !/[}%#]\}/.test(source.slice(index, tags[i + 1]?.index)),
  );
  if (unclosed) return `in the tag at line ${line(unclosed.index)}`;
  return `before the end of line ${line(source.length)}`;
}

// The library's own environment has a raise_exception that cannot be told from its faults, and a clock of its own.
function templateEnvironment(now: (() => Date) | undefined): Environment {
  const environment = new Environment();
  for (const [name, value] of [
    ["true", true],
    ["false", false],
    ["none", null],
  ] as const) {
    environment.set(name, value);
    environment.set(`${name.charAt(0).toUpperCase()}${name.slice(1)}`, value);
  }
  environment.set("raise_exception", (words: unknown) => {
    throw new UsageError(`the chat template refuses these messages: ${String(words)}`);
  });
  environment.set("range", range);
  if (now) environment.set("strftime_now", (format: string) => formatDate(now(), format));
  return environment;
}

/** Python's range(stop), range(start, stop) and range(start, stop, step). */
function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = step === 0 ? 0 : Math.max(0, Math.ceil((stop - start) / step));
  return Array.from({ length }, (_, i) => start + i * step);
}

const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** Python's strftime in English for the directives that templates use. Example: "%d %b %Y" → "15 Jan 2026". */
function formatDate(date: Date, format: string): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const month = MONTHS[date.getMonth()] ?? "";
  const day = DAYS[date.getDay()] ?? "";
  const written: Readonly<Record<string, string>> = {
    Y: String(date.getFullYear()),
    y: two(date.getFullYear() % 100),
    m: two(date.getMonth() + 1),
    B: month,
    b: month.slice(0, 3),
    d: two(date.getDate()),
    A: day,
    a: day.slice(0, 3),
    H: two(date.getHours()),
    M: two(date.getMinutes()),
    S: two(date.getSeconds()),
    "%": "%",
  };
  return format.replace(/%(.)/g, (directive, letter: string) => written[letter] ?? directive);
}
