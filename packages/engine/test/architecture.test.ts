import { FormatError, scoreIds, tokenId } from "@tokenscope/core";
import { type Gguf, type GgufValue, loadEngine, parseShape, readGguf } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import * as ort from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { referenceJson, referencePath } from "../../../fixtures/index.ts";
import { isLocalLayer } from "../src/architecture.ts";
import { ARCHITECTURES } from "../src/architectures/table.ts";
import { checkTensors } from "../src/tensor-shapes.ts";

interface Reference {
  readonly ids: readonly number[];
  readonly logprobNats: readonly (number | null)[];
}
type Metadata = Readonly<Record<string, GgufValue>>;

const references = referenceJson<Readonly<Record<string, Reference>>>(
  "tiny/expected-llama-cpp.json",
);
const LLAMA_CPP_NATS = 0.002;
const fileOf = (architecture: string): string =>
  architecture === "llama" ? "llama-tied.gguf" : `${architecture}.gguf`;

/** The header of an architecture's tiny model with other metadata. */
async function headerOf(architecture: string, metadata: Metadata = {}): Promise<Gguf> {
  const source = await openFileSource(referencePath(`tiny/${fileOf(architecture)}`));
  const gguf = await readGguf(source);
  await source.close();
  const own = Object.entries(metadata).map(
    ([key, value]) => [`${architecture}.${key}`, value] as const,
  );
  return { ...gguf, metadata: new Map([...gguf.metadata, ...own]) };
}

function refusal(gguf: Gguf): string {
  try {
    checkTensors(gguf, parseShape(gguf));
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).message;
  }
  return "the file was taken";
}

test.each([...ARCHITECTURES.keys()])(
  "%s: its tiny model has every tensor, and none too many",
  async (name) => {
    expect(refusal(await headerOf(name))).toBe("the file was taken");
  },
);

test.each([...ARCHITECTURES.keys()])(
  "%s: without any one of its tensors, that one is named",
  async (name) => {
    const gguf = await headerOf(name);
    for (const missing of gguf.tensors.keys()) {
      if (missing === "output.weight") continue; // then the head is the embedding
      const tensors = new Map([...gguf.tensors].filter(([tensor]) => tensor !== missing));
      expect(refusal({ ...gguf, tensors })).toContain(`no tensor "${missing}"`);
    }
  },
);

test("a model read as another architecture is refused for what it has or lacks", async () => {
  for (const from of ARCHITECTURES.keys()) {
    for (const to of ARCHITECTURES.keys()) {
      if (from === to) continue;
      const gguf = await headerOf(from);
      const renamed = [...gguf.metadata].map(
        ([key, value]) => [key.replace(`${from}.`, `${to}.`), value] as const,
      );
      const metadata = new Map([...renamed, ["general.architecture", to] as const]);
      expect(refusal({ ...gguf, metadata })).not.toBe("the file was taken");
    }
  }
});

test("gemma 2 sees all positions in every second layer, gemma 3 in every sixth, the others in all", async () => {
  const globalLayers = async (name: string) => {
    const shape = parseShape(await headerOf(name, { block_count: 12 }));
    return Array.from({ length: 12 }, (_, layer) => layer).filter((i) => !isLocalLayer(shape, i));
  };
  expect(await globalLayers("gemma2")).toEqual([1, 3, 5, 7, 9, 11]);
  expect(await globalLayers("gemma3")).toEqual([5, 11]);
  expect((await globalLayers("qwen3")).length).toBe(12);
});

test("linear rope scaling divides positions, and in gemma 3 those of the global layers alone", async () => {
  const scaling = { "rope.scaling.type": "linear", "rope.scaling.factor": 8 };
  const { rotation, window } = parseShape(await headerOf("gemma3", scaling));
  expect(rotation).toEqual({ base: 1_000_000, divisor: 8 });
  expect(window?.rotation).toEqual({ base: 10_000, divisor: 1 });
  const unscaled = { "rope.scaling.type": "none", "rope.scaling.factor": 8 };
  expect(parseShape(await headerOf("qwen2", unscaled)).rotation.divisor).toBe(1);
});

test("gemma's 27B divide by sqrt(C / H) where the others divide by sqrt(D)", async () => {
  const { attentionScale } = parseShape(await headerOf("gemma2")); // C = 64, H = 4, D = 32
  expect(attentionScale).toBe(1 / Math.sqrt(32));
  expect(parseShape(await headerOf("gemma2", { block_count: 46 })).attentionScale).toBe(1 / 4);
  expect(parseShape(await headerOf("gemma3", { block_count: 62 })).attentionScale).toBe(1 / 4);
});

test("learned positions are as many as their table has rows, whatever the file claims", async () => {
  expect(parseShape(await headerOf("gpt2", { context_length: 9_999 })).contextLength).toBe(256);
});

describe("what the graph does not do is refused", () => {
  test.each<[string, string, GgufValue]>([
    ["llama", "rope.scaling.type", "longrope"],
    ["qwen2", "rope.scaling.type", "yarn"],
    ["qwen3", "rope.dimension_count", 16],
    ["qwen3", "attention.value_length", 16],
    ["llama", "attention.scale", 0.5],
    ["llama", "expert_count", 8],
    ["qwen2", "attention.causal", false],
    ["qwen2", "attention.sliding_window", 128],
    ["gemma3", "attention.sliding_window", 0],
    ["gemma3", "attention.sliding_window_pattern", [true, false]],
  ])("%s with %s", async (architecture, key, value) => {
    const message = refusal(await headerOf(architecture, { [key]: value }));
    expect(message).toContain(`${architecture}.${key} is `);
    expect(message).toMatch(/(choose another|fetch another file of this) model/);
  });

  test("a window of the whole context hides nothing", async () => {
    const whole = await headerOf("qwen2", { "attention.sliding_window": 256 });
    expect(refusal(whole)).toBe("the file was taken");
  });
});

// Otherwise a field that no part of the graph asks would go unseen.
describe("each number of the header changes the scores", () => {
  test.each<[string, Metadata]>([
    ["gemma2", {}],
    ["gemma2", { "attention.sliding_window": 17 }],
    ["gemma2", { attn_logit_softcapping: 1 }],
    ["gemma2", { final_logit_softcapping: 5 }],
    ["gemma3", {}],
    ["gemma3", { "attention.sliding_window": 17 }],
    ["gemma3", { "attention.sliding_window_pattern": 5 }],
    ["gemma3", { "rope.freq_base_swa": 20_000 }],
    ["gemma3", { "rope.freq_base": 500_000 }],
    ["qwen2", { "rope.scaling.factor": 2 }],
    ["qwen3", { "attention.layer_norm_rms_epsilon": 0.1 }],
    ["gpt2", { "attention.layer_norm_epsilon": 0.1 }],
  ])("%s %o", async (architecture, metadata) => {
    const error = await largestErrorNats(architecture, metadata);
    if (Object.keys(metadata).length === 0) expect(error).toBeLessThan(LLAMA_CPP_NATS);
    else expect(error).toBeGreaterThan(2 * LLAMA_CPP_NATS);
  });
});

async function largestErrorNats(architecture: string, metadata: Metadata): Promise<number> {
  const source = await openFileSource(referencePath(`tiny/${fileOf(architecture)}`));
  const gguf = await headerOf(architecture, metadata);
  const engine = await loadEngine({
    ort,
    source,
    gguf,
    precision: "exact",
    backend: "node-cpu",
    threads: 1,
  });
  await source.close();
  const { ids, logprobNats } = references[fileOf(architecture)]!;
  const { rows } = await scoreIds(engine, ids.map(tokenId));
  await engine.close();
  return Math.max(
    ...rows.map(({ score }, i) => Math.abs((score?.logprobNats ?? 0) - (logprobNats[i] ?? 0))),
  );
}
