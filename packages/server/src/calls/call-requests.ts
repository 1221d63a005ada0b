// The page's calls as they come over the wire, each with what it may be. A page of ours sends nothing else; anybody may send anything.

import type { ModelCallKind, ModelCalls } from "@tokenscope/calls";
import { type Engine, parseSettings, UsageError } from "@tokenscope/core";
import { z } from "zod";

const MAX_TOKENS = 1_000_000; // of a document's branches together; a text is as long as the context
const MAX_ROLES = 16;
const MAX_PINNED = 64;
const MAX_VECTORS = 256; // a page asks of one a layer, and Llama 3.1 405B has 126
const MAX_TEXT = 2_000_000; // characters
const MAX_LISTED = 1_000;

const id = z.int().min(0);
const ids = z.array(id).max(MAX_TOKENS);
const text = z.string().max(MAX_TEXT);
const limit = z.int().min(0).max(MAX_LISTED);
const vector = z.instanceof(Float32Array);
const number = z.number();
const settings = z
  .strictObject({ temperature: number, topK: number, topP: number, minP: number })
  .transform((given) => parseSettings(given)); // which knows their ranges
const node = z.strictObject({
  id,
  origin: z.enum(["template", "typed", "greedy", "sampled", "chosen", "forced"]),
  turn: z.int().min(0),
  role: z.string(),
  part: z.enum(["open", "content", "close"]),
  parent: z.int().min(0).nullable(),
  position: z.int().min(0),
});
const branch = z.strictObject({
  key: z.int().min(0),
  tip: z.int().min(0).nullable(),
  name: z.string().optional(),
  tools: text.optional(),
});
const doc = z
  .strictObject({
    nodes: z.array(node).max(MAX_TOKENS),
    branches: z.array(branch).min(1),
    activeKey: z.int().min(0),
    lastKey: z.int().min(0).optional(),
  })
  .refine(isTree);

/** Parents come before their children, and branches end at a node that is there: else a walk to the root would not end. */
function isTree({
  nodes,
  branches,
  activeKey,
}: {
  readonly nodes: readonly { readonly parent: number | null }[];
  readonly branches: readonly { readonly key: number; readonly tip: number | null }[];
  readonly activeKey: number;
}): boolean {
  return (
    nodes.every(({ parent }, i) => parent === null || parent < i) &&
    branches.every(({ tip }) => tip === null || tip < nodes.length) &&
    branches.some(({ key }) => key === activeKey)
  );
}

const message = z.strictObject({
  role: z.string(),
  content: text,
  toolCalls: z
    .array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        arguments: z.record(z.string(), z.unknown()),
      }),
    )
    .optional(),
  toolCallId: z.string().optional(),
});

const SCHEMAS: Readonly<Record<ModelCallKind, z.ZodType>> = {
  encode: z.strictObject({ text }),
  endTurn: z.strictObject({ doc, message }),
  setSystemPrompt: z.strictObject({ doc, content: text }),
  trySystemPrompt: z.strictObject({ doc, content: text }),
  setTools: z.strictObject({ doc, text }),
  writeToolCall: z.strictObject({ doc, text }),
  refusals: z.strictObject({ doc, roles: z.array(z.string()).max(MAX_ROLES) }),
  score: z.strictObject({ ids, from: z.int().min(0) }),
  generate: z.strictObject({
    ids: ids.min(1),
    settings,
    seed: z.int(),
    redraws: z.map(z.int().min(0), z.int().min(0)),
    maxTokens: z.int().min(0).max(MAX_TOKENS),
  }),
  search: z.strictObject({ contextVector: vector, query: text, limit }),
  settingsView: z.strictObject({
    contextVector: vector,
    settings,
    draw: z.number().min(0).lt(1),
    top: limit,
    pinned: ids.max(MAX_PINNED),
  }),
  lens: z.strictObject({ ids: ids.min(1) }),
  attention: z.strictObject({ ids: ids.min(1) }),
  headOff: z.strictObject({ ids: ids.min(1), layer: id, head: id, id: id.nullable() }),
  scoreAt: z.strictObject({ contextVectors: z.array(vector).max(MAX_VECTORS), id }),
  tokenVector: z.strictObject({ id }),
  logits: z.strictObject({ contextVector: vector }),
  readAs: z.strictObject({
    messages: z.array(message).max(MAX_LISTED),
    role: z.string(),
    before: text,
    after: text,
  }),
  textEdit: z.strictObject({ ids, text }),
  find: z.strictObject({ query: text, limit }),
};

/** True for the names of calls. */
export function isCallKind(kind: string): kind is ModelCallKind {
  return Object.hasOwn(SCHEMAS, kind);
}

/** Checks a request; throws UsageError 400 that names the place. Context vectors are checked against the model's width. */
export function parseRequest<K extends ModelCallKind>(
  kind: K,
  value: unknown,
  {
    hiddenWidth,
    vocabularySize,
    contextLength,
  }: Pick<Engine, "hiddenWidth" | "vocabularySize" | "contextLength">,
): ModelCalls[K]["request"] {
  const { success, data, error } = SCHEMAS[kind].safeParse(value);
  if (!success) {
    const [issue] = error.issues;
    const place = issue?.path.map(String).join(".") || "the request";
    throw new UsageError(
      `${kind}: ${place} is not what the page sends (${issue?.message}); reload the page`,
    );
  }
  for (const given of vectorsOf(data)) {
    if (given.length === hiddenWidth && given.every(Number.isFinite)) continue;
    throw new UsageError(
      `${kind}: a context vector has ${given.length} numbers and this model's have ${hiddenWidth} that are finite; score the text again`,
    );
  }
  const { ids: run = [] } = data as { readonly ids?: readonly number[] };
  if (run.length > contextLength) {
    throw new UsageError(
      `${kind}: the text has ${run.length} tokens and the model's context holds ${contextLength}; shorten it to at most ${contextLength} tokens`,
    );
  }
  const strange = idsOf(data).find((each) => each >= vocabularySize);
  if (strange !== undefined) {
    throw new UsageError(
      `${kind}: token id ${strange} is not in this model's vocabulary of ${vocabularySize}; begin a new conversation`,
    );
  }
  return data as ModelCalls[K]["request"]; // the schema of this kind is that of its type
}

function vectorsOf(data: unknown): readonly Float32Array[] {
  const { contextVector, contextVectors = [] } = data as {
    readonly contextVector?: Float32Array;
    readonly contextVectors?: readonly Float32Array[];
  };
  return contextVector === undefined ? contextVectors : [contextVector];
}

function idsOf(data: unknown): readonly number[] {
  const {
    ids: all = [],
    id: one,
    pinned = [],
    doc: document,
  } = data as {
    readonly ids?: readonly number[];
    readonly id?: number | null;
    readonly pinned?: readonly number[];
    readonly doc?: { readonly nodes: readonly { readonly id: number }[] };
  };
  const own = typeof one === "number" ? [one] : [];
  return [...all, ...own, ...pinned, ...(document?.nodes.map((each) => each.id) ?? [])];
}
