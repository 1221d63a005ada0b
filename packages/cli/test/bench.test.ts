import type { ModelIdentity } from "@tokenscope/core";
import { expect, test } from "vitest";
import { run, runJson, TINY } from "./test-world.ts";

interface BenchJson {
  readonly rounds: number;
  readonly decodeTokens: number;
  readonly runs: readonly {
    readonly model: ModelIdentity;
    readonly prefillTokens: number;
    readonly prefillTokensPerSecond: number;
    readonly decodeTokensPerSecond: number;
  }[];
  readonly meanAbsoluteBits: number | null;
}

test("bench measures both precisions, as much as the context holds, and how far they differ", async () => {
  const [bench] = await runJson<BenchJson>(["bench", "--model", TINY, "--rounds", "2"]);
  expect(bench?.rounds).toBe(2);
  expect(bench?.runs.map(({ model }) => model.precision)).toEqual(["exact", "compact"]);
  for (const { prefillTokens, ...speed } of bench?.runs ?? []) {
    expect(prefillTokens).toBe(256 - 32);
    expect(speed.prefillTokensPerSecond).toBeGreaterThan(0);
    expect(speed.decodeTokensPerSecond).toBeGreaterThan(0);
  }
  expect(bench?.meanAbsoluteBits).toBeGreaterThan(0);
  expect(bench?.meanAbsoluteBits).toBeLessThan(0.5);
});

test("the speed is so many tokens in the clock's time: 32 tokens in 1 ms are 32,000 a second", async () => {
  let clockMs = 0;
  const nowMs = (): number => {
    clockMs += 1; // every look at it
    return clockMs;
  };
  const args = ["bench", "--model", TINY, "--rounds", "3", "--precision", "exact"];
  const { stdout, stderr } = await run(args, { world: { nowMs } });
  expect(stderr).toMatch(
    /^bench takes about .+\nexact: loading\nexact: warming up\nexact: round 1 of 3\n/,
  );
  expect(stdout).toMatch(/exact +0\.0 s +224,000 tokens\/s +32000\.0 tokens\/s/);
  expect(stdout).not.toContain("differ");
});
