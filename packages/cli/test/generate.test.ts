import type { GenerateJson, NextJson } from "@tokenscope/core";
import { describe, expect, test } from "vitest";
import { referenceJson, smollm2Path } from "../../../fixtures/index.ts";
import { traceLine } from "../src/trace.ts";
import type { Output } from "../src/world.ts";
import { scriptedModel } from "./scripted-model.ts";
import { fileWith, run, runJson, TINY } from "./test-world.ts";

interface GreedyCase {
  readonly name: string;
  readonly promptIds: readonly number[];
  readonly greedyIds: readonly number[];
}

const tiny = ["--model", TINY];
const sampled = ["generate", ...tiny, "cat", "--temperature", "1", "--max-tokens", "60"];
const model = smollm2Path();

describe("next", () => {
  test("--json has PRODUCT.md's keys, and the listed and the rest make 1", async () => {
    const [next] = await runJson<NextJson>(["next", ...tiny, "cat", "--token", "s"]);
    expect(Object.keys(next ?? {})).toEqual([
      "model",
      "context",
      "entropyBits",
      "top",
      "restProbability",
      "named",
    ]);
    expect(next?.context).toEqual({ ids: [99, 97, 116] });
    expect(next?.top).toHaveLength(10);
    const listed = next?.top.reduce((sum, { logprobNats }) => sum + Math.exp(logprobNats), 0) ?? 0;
    expect(listed + (next?.restProbability ?? 0)).toBeCloseTo(1, 6);
    expect(next?.named).toEqual([
      { id: 115, text: "s", logprobNats: expect.any(Number), rank: expect.any(Number) },
    ]);
  });

  test("a list of the whole vocabulary leaves no rest and holds every named token's number", async () => {
    const args = ["next", ...tiny, "cat", "--top", "1000", "--token", "s", "--token", "t"];
    const [next] = await runJson<NextJson>(args);
    expect(next?.top).toHaveLength(261);
    expect(next?.restProbability).toBe(0);
    for (const { id, logprobNats, rank } of next?.named ?? []) {
      const place = next?.top.findIndex((candidate) => candidate.id === id) ?? -1;
      expect(next?.top[place]?.logprobNats).toBe(logprobNats);
      expect(place + 1).toBe(rank);
    }
  });

  test("the table ends in the rest", async () => {
    const { stdout } = await run(["next", ...tiny, "cat", "--top", "2"]);
    expect(stdout).toMatch(/\(all other tokens\)\n\nentropy \d\.\d\d bits; llama-q8_0, exact\n$/);
  });

  test("standard input is the text, to the byte", async () => {
    const [next] = await runJson<NextJson>(["next", ...tiny, "-"], { stdin: "a\n" });
    expect(next?.context.ids).toEqual([97, 10]);
  });
});

describe("generate", () => {
  test("--json has PRODUCT.md's keys, and --trace adds the steps", async () => {
    const keys = ["model", "promptIds", "ids", "text", "finishReason", "seed", "settings"];
    const args = ["generate", ...tiny, "cat", "--max-tokens", "3"];
    const [plain] = await runJson<GenerateJson>(args);
    const [traced] = await runJson<GenerateJson>([...args, "--trace"]);
    expect(Object.keys(plain ?? {})).toEqual(keys);
    expect(Object.keys(traced ?? {})).toEqual([...keys, "steps"]);
    const { steps, ...rest } = traced ?? {};
    expect(rest).toEqual(plain);
    expect(steps?.map(({ position, id, draw }) => ({ position, id, draw }))).toEqual(
      plain?.ids.map((id, i) => ({ position: 3 + i, id, draw: null })),
    );
    expect(steps?.map(({ top, id }) => top[0]?.id === id)).toEqual([true, true, true]);
    expect(Object.keys(steps?.[0] ?? {})).toEqual([
      "position",
      "top",
      "restProbability",
      "draw",
      "id",
    ]);
  });

  test("a seed repeats its text, and another seed gives another", async () => {
    const [first] = await runJson<GenerateJson>([...sampled, "--seed", "376"]);
    const [again] = await runJson<GenerateJson>([...sampled, "--seed", "376"]);
    const [other] = await runJson<GenerateJson>([...sampled, "--seed", "377"]);
    expect(again).toEqual(first);
    expect(other?.ids).not.toEqual(first?.ids);
    expect(first?.settings).toEqual({ temperature: 1, topK: 0, topP: 1, minP: 0 });
  });

  test("a generation in two parts is the one in one: a draw depends on its position", async () => {
    const [whole] = await runJson<GenerateJson>([...sampled, "--seed", "5"]);
    const ids = [...(whole?.promptIds ?? []), ...(whole?.ids.slice(0, 7) ?? [])];
    const args = ["generate", ...tiny, "--ids", ids.join(), "--temperature", "1", "--seed", "5"];
    const [rest] = await runJson<GenerateJson>([...args, "--max-tokens", "5"]);
    expect(rest?.ids).toEqual(whole?.ids.slice(7, 12));
  });

  test("what streams is the text of the JSON, whatever bytes come", async () => {
    const [json] = await runJson<GenerateJson>(sampled);
    const { stdout, writes } = await run(sampled);
    expect(stdout).toBe(`${json?.text}\n`);
    expect(writes.length).toBeGreaterThan(10); // it came bit by bit
  });

  test("a character comes in one write, although its bytes are three tokens", async () => {
    const euro = [...new TextEncoder().encode("a€b")]; // the tiny vocabulary's ids are the bytes
    const world = { openModel: scriptedModel([...euro, 260]) };
    const { stdout, writes, exitCode } = await run(["generate", "x"], { world });
    expect(writes.filter((text) => text !== "")).toEqual(["a", "€", "b", "\n"]);
    expect({ stdout, exitCode }).toEqual({ stdout: "a€b\n", exitCode: 0 });
  });

  test("a character that never ends is shown as broken at the end", async () => {
    const world = { openModel: scriptedModel([0x61, 0xe2, 0x82, 260]) };
    expect((await run(["generate", "x"], { world })).stdout).toBe("a\ufffd\n");
  });

  test("a stop token ends the text and is in the ids, not in the text", async () => {
    const world = { openModel: scriptedModel([0x61, 260]) };
    const [json] = await runJson<GenerateJson>(["generate", "x"], { world });
    expect(json).toMatchObject({ ids: [0x61, 260], text: "a", finishReason: "end-token" });
  });

  test("after Ctrl-C what there is is printed, and the exit code says that it is not all", async () => {
    const controller = new AbortController();
    const openModel = scriptedModel(Array.from({ length: 100 }, () => 0x61));
    const stdout: Output = {
      isTerminal: false,
      columns: 80,
      write: async () => controller.abort(), // at the first token
    };
    const world = { openModel, stdout, signal: controller.signal };
    expect(await run(["generate", "x"], { world })).toMatchObject({ exitCode: 130, stderr: "" });
  });

  test("the trace for people has the draw and the rest beside each token", async () => {
    const { stdout } = await run(["generate", ...tiny, "cat", "--max-tokens", "2", "--trace"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe(
      "chosen after settings: temperature 0, greedy; the numbers below are raw",
    );
    expect(lines[2]).toMatch(/^ +3 +greedy .+ \d+\.\d % +\d\.\d\d +1 {2}.+rest \d+\.\d %$/);
  });

  test("the trace's raw settings need no word, and others are named", async () => {
    const args = ["generate", ...tiny, "cat", "--max-tokens", "1", "--trace", "--temperature"];
    expect((await run([...args, "1"])).stdout).toMatch(/^position +draw/);
    const { stdout } = await run([...args, "0.7", "--top-k", "40", "--top-p", "0.9"]);
    expect(stdout).toMatch(/^chosen after settings: temperature 0\.7, top-k 40, top-p 0\.9; /);
  });

  test("the trace's token has its probability, bits and rank, also beyond the list", () => {
    const vocabulary = {
      bytes: (id: number) => Uint8Array.of(id),
      size: 256,
      isSpecial: () => false,
    };
    const top = [
      { id: 97, text: "a", logprobNats: Math.log(0.5) },
      { id: 98, text: "b", logprobNats: Math.log(0.25) },
      { id: 99, text: "c", logprobNats: Math.log(0.25) },
    ];
    const step = { position: 3, top, restProbability: 0, draw: 0.9 };
    const listed = { logprobNats: Math.log(0.25), rank: 2 };
    expect(traceLine({ ...step, id: 99 }, listed, vocabulary)).toMatch(
      / c +25\.0 % +2\.00 +2 {2}a 50\.0 %/,
    );
    const beyond = { logprobNats: Math.log(1 / 1024), rank: 77 };
    expect(traceLine({ ...step, id: 100 }, beyond, vocabulary)).toMatch(
      / d +0\.10 % +10\.00 +77 {2}a 50\.0 %/,
    );
  });

  test("the context's end is an ending, not an error", async () => {
    const args = ["generate", ...tiny, "x".repeat(250), "--max-tokens", "20", "--seed", "3"];
    const [json] = await runJson<GenerateJson>(args);
    expect(json?.finishReason).toBe("context-full");
    expect(json?.ids).toHaveLength(6);
  });

  test("on a terminal the text ends its line and the ending is said on stderr", async () => {
    const args = ["generate", ...tiny, "cat", "--max-tokens", "2"];
    const { stdout, stderr } = await run(args, { isTerminal: true });
    expect(stdout).toMatch(/\n$/);
    expect(stderr).toMatch(/--max-tokens after 2 tokens; seed 1, temperature 0; llama-q8_0, exact/);
  });
});

describe.skipIf(model === null)("on SmolLM2 (needs the model: npm test fetches it)", () => {
  const smollm2 = ["--model", "smollm2-135m-instruct-q4_1", "--precision", "exact"];
  const cases = referenceJson<readonly GreedyCase[]>("models/smollm2-greedy.json");
  const questions = ["Why is the sky blue?", "What is the capital of France?"];

  test.each(cases.map((c, i) => [c.name, c, questions[i] ?? ""] as const))(
    "a greedy reply to a chat is the reference's: %s",
    async (_, { promptIds, greedyIds }, content) => {
      const path = fileWith(JSON.stringify({ messages: [{ role: "user", content }] }), "chat.json");
      const args = ["generate", ...smollm2, "--chat", path];
      const [json] = await runJson<GenerateJson>([
        ...args,
        "--max-tokens",
        String(greedyIds.length),
      ]);
      expect(json?.promptIds).toEqual(promptIds);
      expect(json?.ids).toEqual(greedyIds);
    },
  );

  test("the capital of France is Paris, at the probability that the table and the JSON share", async () => {
    const args = ["next", ...smollm2, "The capital of France is", "--token", " Paris"];
    const [json] = await runJson<NextJson>(args);
    expect(json?.named[0]).toMatchObject({ text: " Paris", rank: 1 });
    const percent = (Math.exp(json?.named[0]?.logprobNats ?? 0) * 100).toFixed(1);
    expect((await run(args)).stdout).toMatch(new RegExp(`${percent} %.*·Paris`));
  });

  test("a named token has one number: in the list, beside it, and in a list of any length", async () => {
    const text = "The capital of France is the city of"; // whose head gives two, seven digits alike
    const args = ["next", ...smollm2, text, "--token", " Paris"];
    const numbers = new Set<number | undefined>();
    for (const top of ["10", "0", "300"]) {
      const [json] = await runJson<NextJson>([...args, "--top", top]);
      const [named] = json?.named ?? [];
      const row = json?.top.find(({ id }) => id === named?.id);
      for (const each of [named, ...(row ? [row] : [])]) numbers.add(each?.logprobNats);
    }
    expect([...numbers]).toHaveLength(1);
  });
});
