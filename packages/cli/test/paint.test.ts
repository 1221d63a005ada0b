import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { bar } from "../src/paint.ts";
import { tableLines } from "../src/table.ts";
import { run, TINY } from "./test-world.ts";

const ESCAPE = "\u{1b}[";
const next = ["next", "the c", "--model", TINY, "--top", "3"];

test("a bar is exact to an eighth of a cell, never empty above 0 and never longer than its room", () => {
  expect(bar(3, 8, 2)).toBe("▊");
  expect(bar(8, 8, 2)).toBe("██");
  expect(bar(9, 8, 2)).toBe("██");
  expect(bar(1e-9, 8, 2)).toBe("▏");
  expect([bar(0, 8, 2), bar(null, 8, 2), bar(1, 0, 2)]).toEqual(["", "", ""]);
});

test("colours are for a terminal, and none where NO_COLOR is set or the terminal is dumb", async () => {
  const colours = async (isTerminal: boolean, env: Readonly<Record<string, string>>) => {
    const { stdout } = await run(next, { isTerminal, world: { env } });
    return stdout.includes(ESCAPE);
  };
  expect(await colours(true, {})).toBe(true);
  expect(await colours(false, {})).toBe(false);
  expect(await colours(true, { NO_COLOR: "1" })).toBe(false);
  expect(await colours(true, { TERM: "dumb" })).toBe(false);
});

test("colours change nothing but the colours", async () => {
  const plain = await run(next);
  const coloured = await run(next, { isTerminal: true, world: { env: {} } });
  const stripped = stripVTControlCharacters(coloured.stdout);
  expect(stripped).toBe(plain.stdout);
});

test("a column of colours keeps its width, and the last column is cut to the terminal's", () => {
  const columns = [
    { heading: "n", isNumber: true },
    { heading: "x", paint: (cell: string) => `<${cell}>` },
    { heading: "text" },
  ];
  const rows = [
    ["1", "a", "a long text that goes on"],
    ["20", "bbb", "short"],
  ];
  expect(tableLines(columns, rows, 20)).toEqual([
    " n  x    text",
    " 1  <a>    a long tex…",
    "20  <bbb>  short",
  ]);
});

test("no line of a score's table is wider than the terminal, and a file gets all of it", async () => {
  const args = ["score", "--model", TINY, "--text", "the cat sat", "--top", "20"];
  const terminal = await run(args, { isTerminal: true, world: { env: { NO_COLOR: "1" } } });
  for (const line of terminal.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  const file = await run(args);
  expect(Math.max(...file.stdout.split("\n").map(({ length }) => length))).toBeGreaterThan(80);
});

test("a narrow terminal has no room for bars", async () => {
  const lines: string[] = [];
  const write = async (text: string): Promise<void> => {
    lines.push(text);
  };
  const stdout = { isTerminal: true, columns: 40, write };
  await run(next, { world: { stdout, env: { NO_COLOR: "1" } } });
  expect(lines.join("")).toMatch(/probability {2}bits {2}token/);
  expect(lines.join("")).not.toMatch(/[▏█]/);
});
