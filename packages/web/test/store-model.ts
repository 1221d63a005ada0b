// The page's store over a real model, in this process: the toy engine behind the worker's own session host and the page's own client.

import { createSessionHost, type SessionHost, vocabularyTable } from "@tokenscope/calls";
import {
  type ChatFormat,
  type ChatMessage,
  decodeTokens,
  type Engine,
  EngineError,
  FormatError,
  plainTemplate,
  type RenderedToken,
  type Sequence,
  type TokenId,
  UsageError,
} from "@tokenscope/core";
import { openToyEngine, TOY_SPECIAL, toyTokenizer } from "@tokenscope/core/contracts";
import type { StoreApi } from "zustand/vanilla";
import { createPageStore, type PageStoreOptions } from "../src/store/create-store.ts";
import type { Actions, Store } from "../src/store/state.ts";
import { activeDocumentPath, documentPath } from "../src/views/path.ts";
import { type ModelClient, workerClient } from "../src/worker/model-client.ts";
import type {
  CallKind,
  Calls,
  FromWorker,
  LoadedModel,
  ModelFile,
  ToWorker,
} from "../src/worker/protocol.ts";
import { nextTask, type Port, port } from "./store-port.ts";

const DEFAULT_SYSTEM = "Be kind.";
export const TOY_FILE: ModelFile = {
  id: "toy",
  label: "Toy",
  url: "https://models.example/toy.gguf",
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", // the recorded example's: both stand on one page
  fileBytes: 1_000_000,
};

/** A base model: the same toy without a template. */
export const BASE_FILE: ModelFile = {
  ...TOY_FILE,
  id: "toy-base",
  label: "Toy base",
  sha256: "3".repeat(64),
};

/** What a file of the user's own turns out to be once it was read. */
export const OWN_SHA256 = "2".repeat(64);

/** A file that is no model. */
export const BROKEN_FILE: ModelFile = { ...TOY_FILE, id: "broken", label: "Broken" };

/** A model that does not fit in exact. */
export const TOO_LARGE: ModelFile = { ...TOY_FILE, id: "too-large" };

type Place = Omit<RenderedToken, "id" | "part">;

function openTokens(place: Place): RenderedToken[] {
  const ids = [TOY_SPECIAL.startOfTurn, ...toyTokenizer.encode(`${place.role}\n`)];
  return ids.map((id) => ({ ...place, id, part: "open" }));
}

function turnTokens(content: string, place: Place): RenderedToken[] {
  const mark = (part: "content" | "close") => (id: TokenId) => ({ ...place, id, part });
  return [
    ...openTokens(place),
    ...toyTokenizer.encode(content).map(mark("content")),
    ...[TOY_SPECIAL.endOfTurn, ...toyTokenizer.encode("\n")].map(mark("close")),
  ];
}

function refusalOf(messages: readonly ChatMessage[]): string | null {
  const isTwice = messages.some((m, i) => m.role === "user" && messages[i - 1]?.role === "user");
  if (isTwice) return "Conversation roles must alternate.";
  const isLate = messages.some((m, i) => m.role === "system" && i > 0);
  return isLate ? "A system message comes first." : null;
}

/** ChatML over the toy's bytes, with a system turn of its own where none is given. */
const toyFormat: ChatFormat = {
  tokenizer: toyTokenizer,
  template: {
    takesTools: false,
    namedRoles: [],
    render(messages, { addGenerationPrompt }) {
      const reason = refusalOf(messages);
      if (reason !== null) throw new UsageError(reason);
      const hasSystem = messages[0]?.role === "system";
      const shift = hasSystem ? 0 : 1;
      const system = { turn: 0, role: "system", message: null };
      const tokens = [
        ...(hasSystem ? [] : turnTokens(DEFAULT_SYSTEM, system)),
        ...messages.flatMap(({ role, content }, message) =>
          turnTokens(content, { role, turn: message + shift, message }),
        ),
      ];
      const prompt = { turn: messages.length + shift, role: "assistant", message: null };
      if (addGenerationPrompt) tokens.push(...openTokens(prompt));
      return { tokens, unknownMessages: [] };
    },
    refusal: (messages) => refusalOf(messages),
  },
};

interface ToyModel {
  readonly startWorker: () => ModelClient;
  /** Every call that reached a worker, in order. */
  readonly calls: readonly ToWorker[];
  readonly workers: () => number;
  /** Kills the newest worker, as a browser short of memory does. */
  readonly die: () => void;
  readonly inFlight: () => number;
  /** Tokens that generations have sent so far. */
  readonly tokensSent: () => number;
  /** Loses the newest worker's engine; the next one is there at once and says `reason`. */
  readonly replaceEngine: (reason: string) => void;
}

/** Workers that all load the toy model. */
function toyModel({ contextLength = 256 } = {}): ToyModel {
  const calls: ToWorker[] = [];
  const ports: Port[] = [];
  const replacements: ((reason: string) => void)[] = [];
  const unanswered = new Set<object>();
  const generations = new Set<number>();
  let tokensSent = 0;
  return {
    calls,
    tokensSent: () => tokensSent,
    workers: () => ports.length,
    die: () => ports.at(-1)?.die("out of memory"),
    replaceEngine: (reason) => replacements.at(-1)?.(reason),
    inFlight: () => unanswered.size + (ports.at(-1)?.undelivered() ?? 0),
    startWorker() {
      const { answer, replaceEngine } = toyWorker(contextLength, (message) => {
        if (message.kind === "event" && generations.has(message.call)) tokensSent += 1;
        opened.post(message);
      });
      const opened = port((message) => {
        calls.push(message);
        if (message.kind === "generate") generations.add(message.call);
        const token = {};
        unanswered.add(token);
        void answer(message).finally(() => unanswered.delete(token));
      });
      ports.push(opened);
      replacements.push(replaceEngine);
      return workerClient(opened);
    },
  };
}

interface ToyWorker {
  readonly answer: (message: ToWorker) => Promise<void>;
  readonly replaceEngine: (reason: string) => void;
}

/** What model-worker.ts does, with the toy in place of a file. */
function toyWorker(contextLength: number, post: (message: FromWorker) => void): ToyWorker {
  const aborts = new Map<number, AbortController>();
  let hosted: { readonly engine: Engine; readonly host: SessionHost } | undefined;
  let loaded: LoadedModel | undefined;
  const load = async (request: unknown, emit: (event: unknown) => void): Promise<LoadedModel> => {
    const { model, precision, engine: choice } = request as Calls["load"]["request"];
    const { fileBytes, label, id } = model;
    const sha256 = model.sha256 || OWN_SHA256;
    if (id === BROKEN_FILE.id) throw new FormatError("readGguf: no GGUF file");
    const isBase = id === BASE_FILE.id;
    const template = isBase ? plainTemplate(toyTokenizer) : toyFormat.template;
    emit({ kind: "download", receivedBytes: fileBytes / 2, totalBytes: fileBytes });
    emit({ kind: "prepare" });
    if (precision === "exact" && id === TOO_LARGE.id) throw new EngineError("Out of memory.");
    await nextTask();
    await hosted?.engine.close();
    const engine = pacedEngine(contextLength);
    hosted = { engine, host: createSessionHost({ engine, ...toyFormat, template }) };
    const { architecture, quantization } = engine;
    const backend = choice === "webgpu" ? "webgpu" : "wasm";
    loaded = {
      identity: { id, sha256, architecture, quantization, precision, backend },
      label,
      fileBytes,
      weightBytes: { exact: 1_000_000, compact: 1_000_000 },
      threads: 1,
      engineReason: "",
      hasGpu: true,
      contextLength,
      vocabulary: vocabularyTable(toyTokenizer.vocabulary),
      endTokenIds: toyTokenizer.endTokenIds,
      hasTemplate: !isBase,
      takesTools: false,
    };
    return loaded;
  };
  const replaceEngine = (reason: string): void => {
    if (loaded === undefined) throw new RangeError("no engine to lose yet");
    loaded = { ...loaded, identity: { ...loaded.identity, backend: "wasm" } };
    post({ kind: "replaced", loaded, reason });
  };
  const answer = async (message: ToWorker): Promise<void> => {
    const { kind, call } = message;
    if (kind === "abort") return aborts.get(call)?.abort();
    const abort = new AbortController();
    aborts.set(call, abort);
    const emit = (event: unknown): void => post({ kind: "event", call, event });
    try {
      const handler = hosted?.host[kind as Exclude<CallKind, "load">] as
        | ((...args: unknown[]) => Promise<unknown>)
        | undefined;
      const result =
        kind === "load"
          ? await load(message.request, emit)
          : await handler?.(message.request, emit, abort.signal);
      const counts = hosted?.engine.counts ?? { modelRuns: 0, headRuns: 0 };
      post({ kind: "done", call, result, counts });
    } catch (error) {
      const { name, message: text } = error as Error;
      post({ kind: "failed", call, failure: { name, message: text, details: "" } });
    } finally {
      aborts.delete(call);
    }
  };
  return { answer, replaceEngine };
}

/** The toy engine at a model's pace: a run takes a task, so that what a person does meanwhile comes between two runs. */
function pacedEngine(contextLength: number): Engine {
  const toy = openToyEngine({ contextLength });
  const openSequence = (): Sequence => {
    const sequence = toy.openSequence();
    const append: Sequence["append"] = async function* (ids, options) {
      for await (const chunk of sequence.append(ids, options)) {
        await nextTask();
        yield chunk;
      }
    };
    return Object.create(sequence, { append: { value: append } });
  };
  return Object.create(toy, { openSequence: { value: openSequence } });
}

export interface Page {
  readonly store: StoreApi<Store>;
  readonly state: () => Store;
  readonly actions: Actions;
  readonly model: ToyModel;
  /** Waits until nothing is asked, answered or written any more. */
  readonly quiet: () => Promise<void>;
  /** Waits until the state is so; what is done next is done before another message comes. */
  readonly until: (isSo: (state: Store) => boolean) => Promise<void>;
}

export interface PageOptions extends Partial<PageStoreOptions> {
  readonly contextLength?: number;
}

/** A page whose model is not started. */
export function closedPage({ contextLength = 256, ...options }: PageOptions = {}): Page {
  const model = toyModel({ contextLength });
  const store = createPageStore({
    startWorker: model.startWorker,
    findModel: async () => TOY_FILE,
    loadRecording: () => Promise.reject(new Error("this test has no recording")),
    ...options,
  });
  const state = store.getState;
  return {
    store,
    state,
    actions: state().actions,
    model,
    async quiet() {
      for (let still = 0; still < 3; still += 1) {
        await nextTask();
        if (model.inFlight() > 0) still = -1;
      }
    },
    until: (isSo) =>
      new Promise((resolve) => {
        if (isSo(state())) resolve();
        const leave = store.subscribe((now) => {
          if (!isSo(now)) return;
          leave();
          resolve();
        });
      }),
  };
}

/** A page with its model ready, and after `message` a conversation that waits for the reply. */
export async function openPage(message = "", options: PageOptions = {}): Promise<Page> {
  const page = closedPage(options);
  page.actions.start();
  await page.quiet();
  if (message !== "") await say(page, message);
  return page;
}

/** Types a message, ends the turn and waits until all is scored. */
export async function say(page: Page, message: string): Promise<void> {
  page.actions.setMessage(message);
  page.actions.endTurn();
  await page.quiet();
}

/** The ids of the active path. */
export function idsOf({ history }: Pick<Store, "history">): readonly TokenId[] {
  return activeDocumentPath(history.present).nodes.map((node) => node.id);
}

/** The text of the active path, or of a branch, markers by their names. */
export function textOf({ history }: Pick<Store, "history">, key?: number): string {
  const { nodes } = documentPath(history.present, key ?? history.present.activeKey);
  return decodeTokens(nodes.map((node) => toyTokenizer.vocabulary.bytes(node.id)));
}

/** The texts of all branches, in order. */
export function branchTexts(state: Pick<Store, "history">): readonly string[] {
  return state.history.present.branches.map(({ key }) => textOf(state, key));
}

/** True where every token of every branch has its score and its context vector. */
export function isAllScored({ history, scores }: Store): boolean {
  return history.present.branches.every(({ key }) =>
    documentPath(history.present, key).ids.every(
      (id) => (scores.get(id)?.prediction.contextVector ?? null) !== null,
    ),
  );
}

/** Presses Generate response and waits until so many of its tokens have come; it goes on. */
export async function generating(page: Page, tokens: number): Promise<void> {
  const before = page.model.tokensSent();
  page.actions.generate();
  while (page.model.tokensSent() < before + tokens) {
    if (page.state().work.kind !== "generating") throw new Error("the generation has ended");
    await nextTask();
  }
  await nextTask();
}

/** How many model runs something costs, until all is quiet again. */
export async function runsOf(page: Page, act: () => void): Promise<number> {
  const before = page.state().counts.modelRuns;
  act();
  await page.quiet();
  return page.state().counts.modelRuns - before;
}
