import { emptyDocument, extend, GREEDY } from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatAddress, parseAddress } from "../src/views/address.ts";
import { type ComposerInputs, canWrite, composerView } from "../src/views/composer.ts";
import { plain, spanText } from "../src/views/copy-text.ts";
import { documentPath } from "../src/views/path.ts";
import { parseTypedSeed, samplingSliders, settingOf } from "../src/views/sampling.ts";
import { spanBar } from "../src/views/span-bar.ts";
import { noticeOf, statusBar } from "../src/views/status.ts";
import { conversation, END, historyOf, scoresOf, token, vocabulary } from "./views-document.ts";

const doc = conversation();
const path = documentPath(doc);
const scores = scoresOf(doc);
const ready = {
  kind: "ready",
  msPerToken: 42.6,
  loaded: {
    identity: { quantization: "Q4_1", backend: "wasm", precision: "compact" },
    label: "SmolLM2-135M-Instruct",
    fileBytes: 98_362_432,
    threads: 2,
    engineReason: "WASM, because this browser offers no WebGPU adapter.",
    hasGpu: false,
    hasTemplate: true,
    takesTools: false,
    contextLength: 8192,
  },
} as never;

test("without a span the bar shows the reply", () => {
  const bar = spanBar(path, scores, null, vocabulary);
  expect(bar?.range).toMatchObject({ label: "Reply", value: "5–6" });
  expect(bar?.measures.map((measure) => measure.value)).toEqual([
    "2",
    "4.00",
    "2.00",
    "0.50",
    "4.00",
  ]);
  expect(bar?.most).toMatchObject({ position: 6, bits: "3.00" });
  expect(bar?.least).toMatchObject({ position: 5, bits: "1.00" });
  expect(bar?.sum).toBeNull();
  expect(bar?.leftOut).toBe("");
});

test("a marker that End turn wrote is left out of the reply, and the bar says so", () => {
  const closed = extend(doc, [token(END, { turn: 1, role: "assistant", part: "close" })]);
  const bar = spanBar(documentPath(closed), scores, null, vocabulary);
  expect(bar?.measures[0]?.value).toBe("2");
  expect(bar?.leftOut).toBe("+ 1 marker");
});

test("a stop token that the model wrote counts", () => {
  const place = { turn: 1, role: "assistant", part: "close", origin: "greedy" } as const;
  const ended = extend(doc, [token(END, place)]);
  const bar = spanBar(documentPath(ended), scores, null, vocabulary);
  expect(bar?.range.value).toBe("5–7");
  expect(bar?.leftOut).toBe("1 token unscored, not counted"); // its score is not there yet
});

test("a short span's sum is written out, from full precision", () => {
  const bar = spanBar(path, scores, { from: 1, to: 3 }, vocabulary);
  expect(bar?.range).toMatchObject({ label: "Selected span", value: "1–3" });
  expect(bar?.sum?.terms.map((term) => `${plain(term.segments)} ${term.bits}`)).toEqual([
    "The 4.00",
    "·cat 2.00",
    "<|e|> 1.00",
  ]);
  expect(bar?.sum?.total).toBe("7.00 bits");
  expect(bar && spanText(bar, "CONDITIONS")).toBe(
    [
      "Selected span 1–3, tokens 3, total bits 7.00, bits per token 2.33, bits per byte 0.86, perplexity 5.04, most surprised The 4.00, least surprised <|e|> 1.00",
      "The 4.00 + ·cat 2.00 + <|e|> 1.00 = 7.00 bits",
      "CONDITIONS",
      "",
    ].join("\n"),
  );
});

test("the first token is in a span and not in its total", () => {
  const bar = spanBar(path, scores, { from: 0, to: 1 }, vocabulary);
  expect(bar?.measures.map((measure) => measure.value)).toEqual([
    "1",
    "4.00",
    "4.00",
    "1.33",
    "16.00",
  ]);
  expect(bar?.leftOut).toBe("1 token unscored, not counted");
  const alone = spanBar(path, scores, { from: 0, to: 0 }, vocabulary);
  expect(alone?.measures.map((measure) => measure.value)).toEqual([
    "0",
    "n/a",
    "n/a",
    "n/a",
    "n/a",
  ]);
  expect(alone?.most).toBeNull();
});

test("there is no bar without a reply", () => {
  expect(spanBar(documentPath(emptyDocument()), new Map(), null, vocabulary)).toBeNull();
});

function composer(changes: Partial<ComposerInputs> = {}): ReturnType<typeof composerView> {
  const inputs: ComposerInputs = {
    role: "user",
    refusals: {},
    messageTokens: 7,
    work: { kind: "idle" },
    model: ready,
    ending: null,
    settings: GREEDY,
    history: historyOf(doc),
    position: 5,
    vocabulary,
    ...changes,
  };
  return composerView(inputs, documentPath(inputs.history.present));
}

test("the hint says what Step does under the settings", () => {
  expect(plain(composer().hint)).toBe("up to 100 tokens; Step adds the most likely one");
  const settings = { ...GREEDY, temperature: 1 };
  expect(plain(composer({ settings }).hint)).toBe("up to 100 tokens; Step draws one");
});

test("without the model its buttons are blocked and say so, and Delete still works", () => {
  const { blocked, hint } = composer({ model: { kind: "preparing" } });
  expect(plain(hint)).toBe("these need the model");
  expect(blocked.endTurn).not.toBeNull();
  expect(blocked.write).not.toBeNull();
  expect(blocked.cut).toBeNull();
  expect(canWrite({ model: { kind: "preparing" }, work: { kind: "idle" } })).toBe(false);
});

test("a role that the template refuses is offered with the reason alone", () => {
  const view = composer({ role: "system", refusals: { system: "only at the start" } });
  expect(view.roles).toContainEqual({ role: "system", refusal: "only at the start" });
  expect(view.blocked.endTurn).toBe("only at the start");
  expect(plain(view.hint)).toBe("only at the start");
});

test("why a generation ended is said", () => {
  const said = (ending: ComposerInputs["ending"]) => plain(composer({ ending }).hint);
  expect(said({ kind: "end-token", id: END })).toBe("Ended by <|e|>; the reply has 2 tokens.");
  expect(said({ kind: "length", maxTokens: 100 })).toBe(
    "Paused after 100 tokens; Generate goes on.",
  );
  expect(said({ kind: "aborted" })).toBe("Stopped by you; the reply has 2 tokens.");
  expect(said({ kind: "context-full", contextLength: 8192 })).toBe(
    "8,192 of 8,192 tokens. Delete or start a new conversation.",
  );
});

test("while it writes, everything but Stop waits", () => {
  const view = composer({ work: { kind: "generating", written: 3, of: 100 } });
  expect(view.isGenerating).toBe(true);
  expect(plain(view.hint)).toBe("3 of at most 100 tokens written");
  expect(Object.values(view.blocked).every((reason) => reason !== null)).toBe(true);
});

test("a closed turn takes no more tokens until the next message", () => {
  const place = { turn: 1, role: "assistant", part: "close", origin: "greedy" } as const;
  const view = composer({ history: historyOf(extend(doc, [token(END, place)])) });
  expect(view.blocked.write).toBe("the turn is closed: write the next message, or start over");
});

test("the status bar names model, file, engine, context and speed", () => {
  expect(statusBar({ model: ready }, 107)).toMatchObject({
    model: "SmolLM2-135M-Instruct",
    file: "Q4_1, 98.4 MB",
    engine: "WASM, 2 threads",
    engineReason: "WASM, because this browser offers no WebGPU adapter.",
    engines: [],
    context: { text: "107 of 8,192" },
    speed: "43 ms per token",
    speedTitle: "23 tokens per second, over the last 32 tokens or more",
    kind: "",
  });
  expect(statusBar({ model: { kind: "failed", what: "", details: "" } }, 3)).toMatchObject({
    model: "No model",
    engine: "",
    context: { text: "3 tokens", share: 0 },
  });
});

test("where there is a graphics processor the engine is a choice, of WebGPU in exact alone", () => {
  const on = (backend: string, precision: string) => {
    const { loaded, ...rest } = ready as { loaded: object };
    const identity = { quantization: "Q4_1", backend, precision };
    const model = { ...rest, loaded: { ...loaded, identity, hasGpu: true } } as never;
    const { engine, engines } = statusBar({ model }, 107);
    const options = engines.map(({ label, isCurrent, isBlocked }) =>
      [label, isCurrent && "current", isBlocked && "blocked"].filter(Boolean).join(", "),
    );
    return { engine, options };
  };
  expect(on("webgpu", "exact")).toEqual({ engine: "WebGPU", options: ["WASM", "WebGPU, current"] });
  expect(on("wasm", "exact")).toEqual({
    engine: "WASM, 2 threads",
    options: ["WASM, 2 threads, current", "WebGPU"],
  });
  expect(on("wasm", "compact").options).toEqual([
    "WASM, 2 threads, current",
    "WebGPU (exact only), blocked",
  ]);
});

test("one notice at a time: a problem, then a failure, then the loading", () => {
  const loading = {
    kind: "loading",
    receivedBytes: 43_300_000,
    totalBytes: 98_400_000,
    secondsLeft: 12,
  } as const;
  const notice = noticeOf({ model: loading, problem: null, news: null, isRecording: true });
  expect(notice).toMatchObject({
    kind: "loading",
    title: "Loading the model",
    text: "43.3 of 98.4 MB, about 12 s left",
  });
  expect(notice?.aside).toMatch(/^You are reading a recorded run\./);
  expect(noticeOf({ model: loading, problem: "No.", news: null, isRecording: true })?.kind).toBe(
    "problem",
  );
  const failed = { kind: "failed", what: "The network went away.", details: "x" } as const;
  expect(noticeOf({ model: failed, problem: null, news: null, isRecording: true })?.text).toBe(
    "The network went away. The recorded run still works and your branches are kept.",
  );
  expect(noticeOf({ model: ready, problem: null, news: null, isRecording: true })).toBeNull();
  const news = "A new conversation begins.";
  const calm = { model: ready, problem: null, news, isRecording: false };
  expect(noticeOf(calm)).toMatchObject({ kind: "news", text: news });
  expect(noticeOf({ ...calm, problem: "No." })?.text).toBe("No."); // what went wrong comes first
});

test("a slider's right end turns top-k off", () => {
  const [, topK] = samplingSliders(GREEDY);
  expect(topK).toMatchObject({ name: "topK", value: 101, text: "off" });
  expect(settingOf("topK", 101)).toEqual({ topK: 0 });
  expect(settingOf("topK", 40)).toEqual({ topK: 40 });
  expect(settingOf("minP", 0.05)).toEqual({ minP: 0.05 });
  expect(samplingSliders(GREEDY)[0]?.text).toBe("greedy");
});

test("a seed is a whole number that is held exactly", () => {
  expect(parseTypedSeed(" 376 ")).toBe(376);
  expect(parseTypedSeed("-7")).toBe(-7);
  expect(["", "1.5", "abc", "99999999999999999"].map(parseTypedSeed)).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

test("an address is read back as it was written", () => {
  const span = fc
    .tuple(fc.nat(9000), fc.nat(9000))
    .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
  fc.assert(
    fc.property(
      fc.record({
        theme: fc.constantFrom("system", "light", "dark"),
        branch: fc.nat(50),
        position: fc.nat(9000),
        view: fc.constantFrom("raw", "after"),
        span: fc.option(span),
      }),
      (state) => {
        const address = parseAddress(formatAddress(state));
        expect(address.theme ?? "system").toBe(state.theme);
        expect(address.branch ?? 0).toBe(state.branch);
        expect(address.position).toBe(state.position);
        expect(address.view ?? "raw").toBe(state.view);
        expect(address.span ?? null).toEqual(state.span);
      },
    ),
    { seed: 376, numRuns: 200 },
  );
});

test("an address that makes no sense says nothing", () => {
  expect(parseAddress("#theme=pink&pos=-3&view=x&span=9-4&branch=1e3")).toEqual({});
  expect(parseAddress("")).toEqual({});
});
