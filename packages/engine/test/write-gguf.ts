// GGUF files written for tests, right or wrong on purpose (specification: ggml's docs/gguf.md). Knows nothing of the reader.

type NumberType = "u16" | "u32" | "i32" | "f32" | "u64";

/** A metadata entry; a value of type "raw" is written as these bytes, its type number first. */
export type Entry =
  | { readonly key: string; readonly type: NumberType; readonly value: number | bigint }
  | { readonly key: string; readonly type: "string"; readonly value: string }
  | { readonly key: string; readonly type: "raw"; readonly value: Uint8Array };

export interface Tensor {
  readonly name: string;
  readonly dims: readonly (number | bigint)[];
  readonly ggmlType: number;
  readonly data: Uint8Array;
  /** From the start of the tensor data; where the data lies unless told. */
  readonly offset?: number | bigint;
}

export interface GgufParts {
  readonly magic?: string;
  readonly version?: number;
  readonly metadata: readonly Entry[];
  /** What the data are aligned to; general.alignment is not written by itself. */
  readonly alignment?: number;
  readonly tensors: readonly Tensor[];
  /** The counts that the header states; the true ones unless told. */
  readonly tensorCount?: number | bigint;
  readonly metadataCount?: number | bigint;
}

/** A file and where its parts end, in bytes from its start. */
export interface WrittenGguf {
  readonly bytes: Uint8Array;
  readonly metadataEnd: number;
  readonly tableEnd: number;
  readonly dataStart: number;
}

const DEFAULT_ALIGNMENT = 32;
const METADATA_TYPES = { u16: 2, u32: 4, i32: 5, f32: 6, string: 8, u64: 10 } as const;
const COUNTS_START = 8; // after magic and version

export const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
export const u64 = (value: number | bigint): Uint8Array =>
  new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);

/** Text as GGUF stores it: its length in bytes, or the length that is claimed, then UTF-8. */
export function text(value: string, claimedLength?: number | bigint): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return joined([u64(claimedLength ?? bytes.length), bytes]);
}

/** Byte strings one after another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A whole file. */
export function writeGguf(parts: GgufParts): WrittenGguf {
  const { magic = "GGUF", version = 3, metadata, tensors, alignment = DEFAULT_ALIGNMENT } = parts;
  const padding = (length: number): number => (alignment - (length % alignment)) % alignment;
  const start = joined([new TextEncoder().encode(magic), u32(version)]);
  const counts = [
    u64(parts.tensorCount ?? tensors.length),
    u64(parts.metadataCount ?? metadata.length),
  ];
  const header = joined([start, ...counts, ...metadata.map(entryBytes)]);
  let offset = 0;
  const table: Uint8Array[] = [];
  const data: Uint8Array[] = [];
  for (const tensor of tensors) {
    table.push(tensorBytes(tensor, tensor.offset ?? offset));
    data.push(tensor.data, new Uint8Array(padding(tensor.data.length)));
    offset += tensor.data.length + padding(tensor.data.length);
  }
  const head = joined([header, ...table]);
  const dataStart = head.length + padding(head.length);
  const bytes = joined([head, new Uint8Array(padding(head.length)), ...data]);
  return { bytes, metadataEnd: header.length, tableEnd: head.length, dataStart };
}

/** The files that gguf-split makes of a model: each shard holds the tensors from one cut to the next, the first one all metadata. */
export function shardsOf(parts: GgufParts, cuts: readonly number[]): readonly GgufParts[] {
  const { metadata, tensors } = parts;
  return [0, ...cuts].map((from, shard) => ({
    metadata: [
      ...(shard === 0 ? metadata : []),
      { key: "split.no", type: "u16", value: shard },
      { key: "split.count", type: "u16", value: cuts.length + 1 },
      { key: "split.tensors.count", type: "i32", value: tensors.length },
    ],
    tensors: tensors.slice(from, cuts[shard]),
  }));
}

/** Where the metadata's first entry begins. */
export const METADATA_START: number = COUNTS_START + 16;

/** A llama model that runs: one layer, C = 32, 2 heads, D = 16, V = 40, float32 weights of a fixed pattern. */
export function smallModel(): GgufParts {
  const [C, V, ff, keys] = [32, 40, 64, 16];
  const block = "blk.0";
  return {
    metadata: [
      { key: "general.architecture", type: "string", value: "llama" },
      { key: "llama.block_count", type: "u32", value: 1 },
      { key: "llama.context_length", type: "u32", value: 64 },
      { key: "llama.embedding_length", type: "u32", value: C },
      { key: "llama.feed_forward_length", type: "u32", value: ff },
      { key: "llama.attention.head_count", type: "u32", value: 2 },
      { key: "llama.attention.head_count_kv", type: "u32", value: 1 },
      { key: "llama.attention.layer_norm_rms_epsilon", type: "f32", value: 1e-5 },
    ],
    tensors: [
      floatTensor("token_embd.weight", [C, V]),
      floatTensor("output_norm.weight", [C]),
      floatTensor(`${block}.attn_norm.weight`, [C]),
      floatTensor(`${block}.attn_q.weight`, [C, C]),
      floatTensor(`${block}.attn_k.weight`, [C, keys]),
      floatTensor(`${block}.attn_v.weight`, [C, keys]),
      floatTensor(`${block}.attn_output.weight`, [C, C]),
      floatTensor(`${block}.ffn_norm.weight`, [C]),
      floatTensor(`${block}.ffn_gate.weight`, [C, ff]),
      floatTensor(`${block}.ffn_up.weight`, [C, ff]),
      floatTensor(`${block}.ffn_down.weight`, [ff, C]),
    ],
  };
}

/** A float32 tensor of these dimensions. */
export function floatTensor(name: string, dims: readonly number[]): Tensor {
  const length = dims.reduce((product, dim) => product * dim, 1);
  const values = Float32Array.from({ length }, (_, i) => Math.sin(i + name.length) / 4);
  return { name, dims, ggmlType: 0, data: new Uint8Array(values.buffer) };
}

function entryBytes(entry: Entry): Uint8Array {
  const key = text(entry.key);
  if (entry.type === "raw") return joined([key, entry.value]);
  return joined([key, u32(METADATA_TYPES[entry.type]), valueBytes(entry)]);
}

function valueBytes(entry: Exclude<Entry, { type: "raw" }>): Uint8Array {
  if (entry.type === "string") return text(entry.value);
  if (entry.type === "u64") return u64(entry.value);
  if (entry.type === "u16") return new Uint8Array(Uint16Array.of(Number(entry.value)).buffer);
  if (entry.type === "f32") return new Uint8Array(Float32Array.of(Number(entry.value)).buffer);
  return u32(Number(entry.value));
}

function tensorBytes(tensor: Tensor, offset: number | bigint): Uint8Array {
  const dims = tensor.dims.map(u64);
  return joined([
    text(tensor.name),
    u32(tensor.dims.length),
    ...dims,
    u32(tensor.ggmlType),
    u64(offset),
  ]);
}
