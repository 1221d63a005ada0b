import { expect, test } from "vitest";
import type { OrtSession } from "../src/ort.ts";
import { sessionByRows } from "../src/session-by-rows.ts";

test("runs of fewer rows than `many` go to the one session, longer ones to the other, and both are released", async () => {
  const calls: string[] = [];
  const session = (name: string): OrtSession => ({
    async run() {
      calls.push(name);
      return {};
    },
    async release() {
      calls.push(`released ${name}`);
    },
  });
  const input = { name: "context", width: 4 };
  const both = sessionByRows({
    fewRows: session("few"),
    manyRows: session("many"),
    many: 3,
    input,
  });
  for (const rows of [1, 2, 3, 4]) {
    await both.run({ context: { data: new Float32Array(rows * input.width) } }, []);
  }
  await both.release();
  expect(calls).toEqual(["few", "few", "many", "many", "released few", "released many"]);
});
