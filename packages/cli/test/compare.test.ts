import {
  bitsFromNats,
  logSoftmax,
  type ModelIdentity,
  type Summary,
  scoreIds,
} from "@tokenscope/core";
import { expect, test } from "vitest";
import { referencePath } from "../../../fixtures/index.ts";
import type { ScoreLineJson } from "../src/score-json.ts";
import { fileWith, openTiny, run, runJson, TINY } from "./test-world.ts";

interface BitsJson {
  readonly weights: readonly {
    readonly weightBits: number | null;
    readonly summary: Summary;
    readonly distance: {
      readonly meanKlBits: number;
      readonly sameTopShare: number;
      readonly meanAbsBits: number;
    } | null;
  }[];
}

interface ModelsJson {
  readonly textBytes: number;
  readonly comparedBytes: number;
  readonly models: readonly { readonly model: ModelIdentity; readonly summary: Summary }[];
}

const TEXT = "the cat sat on the mat";
const exact = ["--precision", "exact"];
const bits = (list: string, text = TEXT) =>
  runJson<BitsJson>(["compare", "--model", TINY, ...exact, "--text", text, "--bits", list]);

test("a file of 8 bits is the same at 8 bits, and fewer are further from it", async () => {
  const [json] = await bits("8,4,2");
  const [own, eight, four, two] = json?.weights ?? [];
  expect(own).toMatchObject({ weightBits: null, distance: null });
  expect(eight?.distance).toEqual({ meanKlBits: 0, sameTopShare: 1, meanAbsBits: 0 });
  expect(eight?.summary).toEqual(own?.summary);
  expect(four?.distance?.meanKlBits).toBeGreaterThan(0);
  expect(two?.distance?.meanKlBits).toBeGreaterThan(four?.distance?.meanKlBits ?? Infinity);
  const [line] = await runJson<ScoreLineJson>(["score", "--model", TINY, ...exact, "--text", TEXT]);
  expect(own?.summary).toEqual(line?.summary);
});

test("a file and standard input are compared as --text is", async () => {
  const args = ["compare", "--model", TINY, ...exact, "--bits", "4"];
  const [typed] = await bits("4");
  expect(await runJson([...args, fileWith(TEXT, "a.txt")])).toEqual([typed]);
  expect(await runJson([...args, "-"], { stdin: TEXT })).toEqual([typed]);
});

test("the distance at 3 bits is that of both models' logits, summed in plain loops", async () => {
  const [json] = await bits("3");
  const [own, rounded] = [await openTiny(), await openTiny(3)];
  const ids = own.tokenizer.encode(TEXT, { parseSpecial: false });
  const [p, q] = [await scoreIds(own.engine, ids, {}), await scoreIds(rounded.engine, ids, {})];
  let nats = 0;
  let same = 0;
  for (let i = 1; i < ids.length; i += 1) {
    const [a, b] = [p.rows[i]?.predictionBefore, q.rows[i]?.predictionBefore];
    if (!a?.contextVector || !b?.contextVector) throw new Error(`no prediction before ${i}`);
    const mine = logSoftmax(await own.engine.logits(a.contextVector)) ?? [];
    const other = logSoftmax(await rounded.engine.logits(b.contextVector)) ?? [];
    for (const [id, logprob] of mine.entries()) {
      nats += Math.exp(logprob) * (logprob - (other[id] ?? 0));
    }
    if (a.topIds[0] === b.topIds[0]) same += 1;
  }
  const distance = json?.weights[1]?.distance;
  expect(distance?.meanKlBits).toBeCloseTo(bitsFromNats(nats / (ids.length - 1)), 9);
  expect(distance?.sameTopShare).toBe(same / (ids.length - 1));
});

test("where no token was scored there is no distance", async () => {
  const [json] = await bits("4", "x");
  expect(json?.weights[1]?.distance).toBeNull();
  const { stdout } = await run(["compare", "--model", TINY, "--text", "x", "--bits", "4"]);
  expect(stdout).toMatch(/^4 bits +n\/a +n\/a +n\/a/m);
});

test("models are compared over the bytes that all of them scored", async () => {
  const models = `${TINY},${referencePath("tiny/llama-f16.gguf")}`;
  const args = ["compare", ...exact, "--text", TEXT, "--models", models];
  const [json] = await runJson<ModelsJson>(args);
  expect(json).toMatchObject({ textBytes: 22, comparedBytes: 21 }); // a token is a byte, the first unscored
  expect(json?.models.map(({ model }) => model.quantization)).toEqual(["Q8_0", "F16"]);
  expect(json?.models.map(({ summary }) => summary.scoredBytes)).toEqual([21, 21]);
  const { stdout } = await run(args);
  expect(stdout).toContain("over the last 21 of 22 bytes, which every model scored");
});
