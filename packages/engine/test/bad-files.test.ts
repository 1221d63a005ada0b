import { FormatError } from "@tokenscope/core";
import { bytesSource, readGguf } from "@tokenscope/engine";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openBytes } from "./open-engine.ts";
import {
  type Entry,
  floatTensor,
  type GgufParts,
  joined,
  METADATA_START,
  smallModel,
  type Tensor,
  text,
  u32,
  u64,
  writeGguf,
} from "./write-gguf.ts";

const HUGE = 2n ** 60n;
const STRING = 8;
const ARRAY = 9;
const model = smallModel();
const good = writeGguf(model);

const raw = (...parts: readonly Uint8Array[]): Entry => ({
  key: "broken",
  type: "raw",
  value: joined(parts),
});
const withEntry = (entry: Entry): GgufParts => ({
  ...model,
  metadata: [...model.metadata.filter(({ key }) => key !== entry.key), entry],
});
const withTensor = (tensor: Tensor): GgufParts => ({
  ...model,
  tensors: [...model.tensors.filter(({ name }) => name !== tensor.name), tensor],
});
const without = (name: string): GgufParts => ({
  metadata: model.metadata.filter(({ key }) => key !== name),
  tensors: model.tensors.filter((tensor) => tensor.name !== name),
});
const llama = (key: string, value: number): Entry => ({ key: `llama.${key}`, type: "u32", value });
const queries = model.tensors.find(({ name }) => name === "blk.0.attn_q.weight")!;

/** The one refusal that a file may meet with: a sentence for a person, on one line. */
async function refusal(parts: GgufParts | Uint8Array): Promise<string> {
  const bytes = parts instanceof Uint8Array ? parts : writeGguf(parts).bytes;
  const error: unknown = await openBytes(bytes).then(
    () => new Error("the file was read"),
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(FormatError);
  const { message } = error as FormatError;
  expect(message).toMatch(/^[^\n]{40,500}$/);
  return message;
}

test("the model that these files are made of runs", async () => {
  const engine = await openBytes(good.bytes);
  expect([engine.vocabularySize, engine.hiddenWidth, engine.contextLength]).toEqual([40, 32, 64]);
  await engine.close();
});

describe("a file that is cut short", () => {
  const last = model.tensors.at(-1)!;
  test.each([
    ["empty", 0],
    ["inside the magic", 3],
    ["inside the version", 6],
    ["inside the counts", 20],
    ["inside a key", METADATA_START + 11],
    ["before the last metadata value", good.metadataEnd - 4],
    ["inside the tensor table", good.metadataEnd + 50],
    ["inside the last offset", good.tableEnd - 1],
  ])("%s: says at which byte it ends", async (_, length) => {
    expect(await refusal(good.bytes.subarray(0, length))).toMatch(
      new RegExp(`at byte ${length} .*cut short|cannot fit into a file of ${length} bytes`),
    );
  });

  test.each([
    ["at the first tensor's data", good.dataStart, "token_embd.weight"],
    ["in its last byte", good.bytes.length - 1, last.name],
  ])("%s: names the tensor", async (_, length, name) => {
    const message = await refusal(good.bytes.subarray(0, length));
    expect(message).toContain(`inside tensor "${name}"`);
    expect(message).toContain(`ends at byte ${length}`);
  });

  test("at any byte at all", async () => {
    for (let length = 0; length < good.dataStart; length += 1) {
      await refusal(good.bytes.subarray(0, length));
    }
  });
});

describe("a header that is not one", () => {
  test.each<[string, GgufParts, RegExp]>([
    ["another magic", { ...model, magic: "GGML" }, /0x4c4d4747 at byte 0.*no GGUF file/],
    ["version 1", { ...model, version: 1 }, /version 1 at byte 4.*readable are 2 and 3/],
    ["version 4", { ...model, version: 4 }, /version 4 at byte 4/],
    ["the other byte order", { ...model, version: 3 << 24 }, /version 50331648 at byte 4/],
  ])("%s", async (_, parts, sentence) => {
    expect(await refusal(parts)).toMatch(sentence);
  });
});

describe("an absurd count or length", () => {
  test.each<[string, GgufParts, RegExp]>([
    ["2^60 tensors", { ...model, tensorCount: HUGE }, /1152921504606846976 at byte 8/],
    ["2^40 tensors", { ...model, tensorCount: 2 ** 40 }, /1099511627776 tensors at byte 8/],
    ["2^60 entries", { ...model, metadataCount: HUGE }, /1152921504606846976 at byte 16/],
    ["2^40 entries", { ...model, metadataCount: 2 ** 40 }, /metadata entries at byte 16/],
    ["a key of 2^60 bytes", { ...model, metadata: [], metadataCount: 1 }, /cannot fit|at byte/],
    ["a text of 2^60 bytes", withEntry(raw(u32(STRING), text("a", HUGE))), /\d{19} at byte \d+/],
    ["a text of 2^32 bytes", withEntry(raw(u32(STRING), text("a", 2 ** 32))), /bytes of text at/],
    [
      "an array of 2^60 texts",
      withEntry(raw(u32(ARRAY), u32(STRING), u64(HUGE))),
      /\d{19} at byte \d+/,
    ],
    [
      "an array of 2^40 texts",
      withEntry(raw(u32(ARRAY), u32(STRING), u64(2 ** 40))),
      /1099511627776 array elements at byte \d+/,
    ],
    ["a dimension of 2^60", withTensor({ ...queries, dims: [HUGE, 2] }), /\d{19} at byte \d+/],
    [
      "dimensions whose product is",
      withTensor({ ...queries, dims: [2 ** 40, 2 ** 40] }),
      /"blk\.0\.attn_q\.weight" of 1099511627776 x 1099511627776 at byte \d+/,
    ],
    ["an offset of 2^60", withTensor({ ...queries, offset: HUGE }), /\d{19} at byte \d+/],
    [
      "an offset behind the file",
      withTensor({ ...queries, offset: 2 ** 50 }),
      /ends at byte \d+, inside tensor "blk\.0\.attn_q\.weight"/,
    ],
    ["no dimensions", withTensor({ ...queries, dims: [] }), /0 dimensions at byte \d+/],
    [
      "nine dimensions",
      withTensor({ ...queries, dims: [1, 1, 1, 1, 1, 1, 1, 1, 1] }),
      /9 dimensions at byte \d+/,
    ],
    [
      "alignment zero",
      withEntry({ key: "general.alignment", type: "u32", value: 0 }),
      /general\.alignment is 0 .* byte \d+/,
    ],
    ["a billion layers", withEntry(llama("block_count", 1e9)), /no tensor "blk\.1\.attn_norm/],
    ["a context of zero", withEntry(llama("context_length", 0)), /llama\.context_length is 0/],
  ])("%s", async (_, parts, sentence) => {
    expect(await refusal(parts)).toMatch(sentence);
  });

  test("an array longer than any vocabulary in a file that is large enough for it", async () => {
    const count = 5_000_000;
    const bytes = joined([u32(ARRAY), u32(0), u64(count), new Uint8Array(count)]);
    expect(await refusal(withEntry(raw(bytes)))).toMatch(/array of 5000000 elements at byte \d+/);
  });

  test("a name of 100,000 characters with line breaks is shown in short", async () => {
    const name = "a\n".repeat(50_000);
    expect(await refusal(withTensor(floatTensor(name, [32])))).toContain('tensor "a\\na\\n');
  });
});

describe("a table of tensors that contradicts itself", () => {
  const second = model.tensors[1]!;
  test.each<[string, GgufParts, RegExp]>([
    [
      "the same name twice",
      { ...model, tensors: [...model.tensors, queries] },
      /"blk\.0\.attn_q\.weight" stands in the table twice, the second time at byte \d+/,
    ],
    [
      "data inside another tensor's",
      withTensor({ ...second, offset: 64 }),
      /"output_norm\.weight" begins at byte \d+, inside tensor "token_embd\.weight" \(bytes \d+ to/,
    ],
    [
      "two tensors at one place",
      withTensor({ ...second, offset: 0 }),
      /begins at byte \d+, inside tensor/,
    ],
    [
      "data at an odd byte",
      withTensor({ ...floatTensor("odd", [1]), offset: 20_000 + 4 }),
      /"odd" begins at byte \d+, which is no multiple of the alignment, 32/,
    ],
    [
      "a dimension of zero",
      withTensor(floatTensor("empty", [32, 0])),
      /"empty" of 32 x 0 at byte \d+ is empty/,
    ],
    [
      "five dimensions",
      withTensor({ ...queries, dims: [1, 1, 1, 1, 1] }),
      /5 dimensions at byte \d+, not 1 to 4/,
    ],
    [
      "an alignment that is no power of two",
      withEntry({ key: "general.alignment", type: "u32", value: 48 }),
      /general\.alignment is 48 .* byte \d+; it must be a power of two/,
    ],
    [
      "a key that stands twice",
      { ...model, metadata: [...model.metadata, llama("block_count", 1)] },
      /key "llama\.block_count" stands there twice, the second time at byte \d+/,
    ],
  ])("%s", async (_, parts, sentence) => {
    expect(await refusal(parts)).toMatch(sentence);
  });
});

describe("a type that is not readable", () => {
  test.each<[string, GgufParts, RegExp]>([
    [
      "an unsupported tensor type",
      withTensor({ ...queries, ggmlType: 19 }),
      /"blk\.0\.attn_q\.weight" has type 19 \(IQ1_S\) at byte \d+; readable are F32, .*Q4_1/,
    ],
    ["a metadata type that does not exist", withEntry(raw(u32(13))), /type 13 at byte \d+/],
    [
      "an array of arrays",
      withEntry(raw(u32(ARRAY), u32(ARRAY), u64(1))),
      /array of metadata type 9 at byte \d+/,
    ],
  ])("%s", async (_, parts, sentence) => {
    expect(await refusal(parts)).toMatch(sentence);
  });
});

describe("a model that is not readable", () => {
  const architecture = (value: string): Entry => ({
    key: "general.architecture",
    type: "string",
    value,
  });
  test.each<[string, GgufParts, RegExp]>([
    ["another architecture", withEntry(architecture("mamba")), /"mamba" .*readable are llama/],
    ["no architecture", without("general.architecture"), /architecture missing .*metadata/],
    ["a missing tensor", without("blk.0.ffn_up.weight"), /no tensor "blk\.0\.ffn_up\.weight"/],
    ["no embedding", without("token_embd.weight"), /no tensor "token_embd\.weight"/],
    [
      "a tensor of another shape",
      withTensor(floatTensor("blk.0.attn_k.weight", [32, 32])),
      /"blk\.0\.attn_k\.weight" \(data from byte \d+\) is 32 x 32 .* 32 x 16/,
    ],
    [
      "a tensor with its dimensions swapped",
      withTensor(floatTensor("blk.0.ffn_down.weight", [32, 64])),
      /"blk\.0\.ffn_down\.weight" .* is 32 x 64 .* 64 x 32/,
    ],
    [
      "rotary factors of another head width",
      withTensor(floatTensor("rope_freqs.weight", [16])),
      /"rope_freqs\.weight" .* is 16 .* 8;/,
    ],
    [
      "rows that are no whole blocks",
      withTensor({ ...queries, dims: [33, 32], ggmlType: 2 }),
      /33 x 32 at byte \d+ is no whole number of Q4_0 blocks/,
    ],
    [
      "a bias, which would silently be left out",
      withTensor(floatTensor("blk.0.attn_q.bias", [32])),
      /"blk\.0\.attn_q\.bias" \(data from byte \d+\)/,
    ],
    ["a missing key", without("llama.block_count"), /llama\.block_count is missing/],
    [
      "a key that is a text",
      withEntry({ key: "llama.block_count", type: "string", value: "one" }),
      /llama\.block_count is "one"/,
    ],
    [
      "half a layer",
      withEntry({ key: "llama.block_count", type: "f32", value: 0.5 }),
      /llama\.block_count is 0\.5 .*whole number/,
    ],
    [
      "heads that do not divide the width",
      withEntry(llama("attention.head_count", 3)),
      /llama\.attention\.key_length is 10\.6\d* .*whole number/,
    ],
    [
      "heads that do not divide among the key/value heads",
      withEntry(llama("attention.head_count_kv", 3)),
      /2 heads over 3 key\/value heads of width 16/,
    ],
    [
      "rotary positions on half a head",
      withEntry(llama("rope.dimension_count", 8)),
      /llama\.rope\.dimension_count is 8 .*16/,
    ],
    [
      "a rotary scaling that is not done here",
      withEntry({ key: "llama.rope.scaling.type", type: "string", value: "yarn" }),
      /llama\.rope\.scaling\.type is "yarn"/,
    ],
  ])("%s", async (_, parts, sentence) => {
    expect(await refusal(parts)).toMatch(sentence);
  });
});

const mutation = fc.record({
  at: fc.nat(good.dataStart - 1),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc.constantFrom(u64(HUGE), u64(2 ** 33), u64(0), u32(0xffff_ffff), u32(9)),
  ),
});

test("any damage to a header is a FormatError or a file that can be read", async () => {
  const damaged = fc.tuple(
    fc.array(mutation, { minLength: 1, maxLength: 4 }),
    fc.option(fc.nat(good.bytes.length), { nil: good.bytes.length }),
  );
  await fc.assert(
    fc.asyncProperty(damaged, async ([mutations, length]) => {
      const bytes = good.bytes.slice();
      for (const { at, bytes: written } of mutations) {
        bytes.set(written.subarray(0, bytes.length - at), at);
      }
      const file = bytes.subarray(0, length);
      try {
        const { tensors } = await readGguf(bytesSource(file));
        for (const { offset, byteLength } of tensors.values()) {
          expect(offset + byteLength).toBeLessThanOrEqual(file.length);
        }
        await (await openBytes(file)).close();
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        expect((error as FormatError).message).toMatch(/^[^\n]{40,500}$/);
      }
    }),
    { seed: 20_261_125, numRuns: process.env["TOKENSCOPE_LONG"] === "1" ? 20_000 : 200 },
  );
});
