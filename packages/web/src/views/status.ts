// The status bar and the notice: what runs, how fast, and what to do when it does not.

import { type Backend, formatCount, formatMegabytes } from "@tokenscope/core";
import type { AppState, ModelState } from "../store/state.ts";
import type { LoadedModel } from "../worker/protocol.ts";

export interface StatusBar {
  readonly model: string;
  readonly file: string; // quantization and size
  readonly kind: string; // "base model", or empty for one with a chat template
  readonly engine: string;
  readonly engineReason: string; // why this one; empty before there is one
  /** What else a person may choose, the engine that runs included; empty where there is no choice. */
  readonly engines: readonly EngineOption[];
  readonly context: { readonly text: string; readonly share: number };
  readonly speed: string;
  readonly speedTitle: string; // the same as a rate, and how it was measured
  readonly conventions: string;
}

export interface EngineOption {
  readonly engine: "wasm" | "webgpu" | "server";
  readonly label: string;
  readonly isCurrent: boolean;
  readonly isBlocked: boolean;
}

/** One line over the foot of the strip. */
export interface Notice {
  readonly kind: "loading" | "failed" | "problem" | "news";
  readonly title: string;
  readonly text: string;
  readonly aside: string;
  /** 0 to 1 of the download; null without a meter. */
  readonly share: number | null;
  readonly details: string;
}

const BACKENDS: Readonly<Record<Backend, string>> = {
  "node-cpu": "native",
  wasm: "WASM",
  webgpu: "WebGPU",
};

const CONVENTIONS = "Positions count from 0. Bits: −log₂ p, raw, T = 1. The first token has none.";

/** How the two precisions are named; compact with its measured divergence from exact. */
export const PRECISION_WORDS = { compact: "compact, ±0.01 bit", exact: "exact" } as const;

/** The status bar of a state. */
export function statusBar({ model }: Pick<AppState, "model">, pathLength: number): StatusBar {
  if (model.kind !== "ready") {
    return {
      model: MODEL_WORDS[model.kind],
      file: "",
      kind: "",
      engine: "",
      engineReason: "",
      engines: [],
      context: { text: `${formatCount(pathLength)} tokens`, share: 0 },
      speed: "",
      speedTitle: "",
      conventions: CONVENTIONS,
    };
  }
  const { loaded, msPerToken } = model;
  const { identity } = loaded;
  const engine = engineName(loaded);
  return {
    model: loaded.label,
    file: `${identity.quantization}, ${formatMegabytes(loaded.fileBytes)}`,
    kind: loaded.hasTemplate ? "" : "base model",
    engine,
    engineReason: loaded.engineReason,
    engines: engineOptions(loaded, engine),
    context: {
      text: `${formatCount(pathLength)} of ${formatCount(loaded.contextLength)}`,
      share: Math.min(1, pathLength / loaded.contextLength),
    },
    speed: msPerToken === null ? "" : `${speedWords(msPerToken)} ms per token`,
    speedTitle:
      msPerToken === null ? "" : `${rateWords(msPerToken)}, over the last 32 tokens or more`,
    conventions: CONVENTIONS,
  };
}

/** Whole milliseconds; below one it says so, and never 0. */
function speedWords(msPerToken: number): string {
  return msPerToken < 1 ? "<1" : formatCount(msPerToken);
}

/** Tokens per second of a time per token. Example: 42.6 ms are 23 tokens per second, 400 ms are 2.5. */
function rateWords(msPerToken: number): string {
  const rate = 1000 / msPerToken;
  return `${rate < 10 ? rate.toFixed(1) : formatCount(rate)} tokens per second`;
}

function engineName({ identity: { backend }, threads }: LoadedModel): string {
  if (backend === "webgpu") return BACKENDS.webgpu;
  if (backend === "node-cpu") return "native, on the server";
  return `${BACKENDS[backend]}, ${threads} thread${threads === 1 ? "" : "s"}`;
}

/** The engines to choose from, that which runs by its whole name; none where there is no choice. */
function engineOptions(
  { identity, hasGpu, hasServer = false }: LoadedModel,
  name: string,
): readonly EngineOption[] {
  const running = ENGINES[identity.backend];
  const isExact = identity.precision === "exact";
  const others = [
    {
      engine: "wasm",
      label: hasServer ? `${BACKENDS.wasm}, in this browser` : BACKENDS.wasm,
      isBlocked: false,
    },
    ...(hasGpu
      ? [
          {
            engine: "webgpu",
            label: isExact ? BACKENDS.webgpu : `${BACKENDS.webgpu} (exact only)`,
            isBlocked: !isExact,
          } as const,
        ]
      : []),
    ...(hasServer
      ? [{ engine: "server", label: "native, on the server", isBlocked: false } as const]
      : []),
  ] as const;
  if (others.length === 1) return [];
  return others.map((option) => {
    const isCurrent = option.engine === running;
    return { ...option, label: isCurrent ? name : option.label, isCurrent };
  });
}

const ENGINES: Readonly<Record<Backend, EngineOption["engine"]>> = {
  "node-cpu": "server",
  wasm: "wasm",
  webgpu: "webgpu",
};

const MODEL_WORDS: Readonly<Record<Exclude<ModelState["kind"], "ready">, string>> = {
  waiting: "No model yet",
  loading: "Loading the model",
  preparing: "Preparing the model",
  failed: "No model",
};

/** The notice of a state, one at a time; null where there is nothing to say. */
export function noticeOf({
  model,
  problem,
  news,
  isRecording,
}: Pick<AppState, "model" | "problem" | "news" | "isRecording">): Notice | null {
  if (problem !== null && model.kind !== "failed") {
    return { kind: "problem", title: "", text: problem, aside: "", share: null, details: "" };
  }
  const works =
    "Everything but writing, generating and searching beyond the first candidates works now.";
  const aside = `${isRecording ? "You are reading a recorded run." : "Your conversation is as you left it."} ${works}`;
  switch (model.kind) {
    case "loading": {
      const { receivedBytes, totalBytes, secondsLeft } = model;
      const left = secondsLeft === null ? "" : `, about ${secondsWords(secondsLeft)} left`;
      const received = formatMegabytes(receivedBytes).replace(" MB", "");
      const share = totalBytes === 0 ? 0 : receivedBytes / totalBytes;
      const text = totalBytes === 0 ? "" : `${received} of ${formatMegabytes(totalBytes)}${left}`;
      return { kind: "loading", title: "Loading the model", text, aside, share, details: "" };
    }
    case "preparing":
      return {
        kind: "loading",
        title: "Preparing the model",
        text: "",
        aside,
        share: 1,
        details: "",
      };
    case "failed": {
      const kept = `${isRecording ? "The recorded run still works" : "What is on screen still works"} and your branches are kept.`;
      return {
        kind: "failed",
        title: "The model did not load.",
        text: `${model.what} ${kept}`,
        aside: "",
        share: null,
        details: model.details,
      };
    }
    default: // waiting, ready
      return news === null
        ? null
        : { kind: "news", title: "", text: news, aside: "", share: null, details: "" };
  }
}

function secondsWords(seconds: number): string {
  return seconds < 90
    ? `${formatCount(Math.max(1, seconds))} s`
    : `${formatCount(seconds / 60)} min`;
}
