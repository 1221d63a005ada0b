// The fields of OpenAI's routes as clients send them, each with the words for what it may be. Which leniency is meant is in docs/decisions/0006.

import { z } from "zod";
import { RequestError } from "./request-error.ts";

const MAX_TOP = 1_000; // candidates of a position
const MAX_CHOICES = 128;
const MAX_STOPS = 16;
const MAX_STOP_LENGTH = 1_000;
const MAX_IDS = 1_000; // named tokens whose logprobs are wanted

interface Field {
  readonly schema: z.ZodType;
  readonly allowed: string;
  readonly isDone: boolean; // false where only the value that changes nothing is taken
}

function field<Schema extends z.ZodType>(schema: Schema, allowed: string) {
  return { schema: schema.optional(), allowed, isDone: true };
}

/** A field that would change the result and is not done here: only the value that changes nothing is taken. */
function neutral<Schema extends z.ZodType>(schema: Schema, value: string) {
  return { ...field(schema, `${value} or leave it out`), isDone: false };
}

const whole = (least: number, most: number) => z.int().min(least).max(most);
const ids = (most: number) => z.array(z.int().min(0)).max(most);
const anything = z.unknown();
const yesOrNo = "true or false";
const emptyRecord = z
  .record(z.string(), z.unknown())
  .refine((each) => Object.keys(each).length === 0);

const SAMPLING = {
  model: field(z.string(), "the id of a model that /v1/models lists"),
  temperature: field(z.number().min(0).max(100), "a number from 0 to 100; 0 is greedy"),
  top_p: field(z.number().gt(0).max(1), "a number above 0, at most 1; 1 turns it off"),
  top_k: field(z.int().min(-1), "a whole number from 0; 0 and -1 turn it off"),
  min_p: field(z.number().min(0).max(1), "a number from 0 to 1; 0 turns it off"),
  seed: field(z.int(), "a whole number between -(2^53 - 1) and 2^53 - 1"),
  n: field(whole(1, MAX_CHOICES), `a whole number from 1 to ${MAX_CHOICES}`),
  max_tokens: field(z.int().min(0), "a whole number from 0"),
  stop: field(
    z.union([
      z.string().min(1).max(MAX_STOP_LENGTH),
      z.array(z.string().min(1).max(MAX_STOP_LENGTH)).max(MAX_STOPS),
    ]),
    `a text, or at most ${MAX_STOPS} texts, each of 1 to ${MAX_STOP_LENGTH} characters`,
  ),
  stream: field(z.boolean(), yesOrNo),
  stream_options: field(
    z.strictObject({
      include_usage: z.boolean().optional(),
      include_obfuscation: z.boolean().optional(),
    }),
    'an object such as {"include_usage": true}',
  ),
  prompt_logprobs: field(whole(0, MAX_TOP), `a whole number from 0 to ${MAX_TOP}`),
  logprob_token_ids: field(ids(MAX_IDS), `a list of at most ${MAX_IDS} token ids`),
  ignore_eos: field(z.boolean(), yesOrNo),
  skip_special_tokens: field(z.boolean(), yesOrNo),
  return_tokens_as_token_ids: field(z.boolean(), yesOrNo),
  presence_penalty: neutral(z.literal(0), "0"),
  frequency_penalty: neutral(z.literal(0), "0"),
  repetition_penalty: neutral(z.literal(1), "1"),
  logit_bias: neutral(emptyRecord, "{}"),
  user: field(anything, "anything"),
  metadata: field(anything, "anything"),
  store: field(anything, "anything"),
  service_tier: field(anything, "anything"),
  safety_identifier: field(anything, "anything"),
  prompt_cache_key: field(anything, "anything"),
};

const COMPLETION = {
  ...SAMPLING,
  prompt: {
    schema: z.unknown().refine((value) => value !== undefined),
    allowed: "a text, a list of token ids, or a list of either",
    isDone: true,
  },
  echo: field(z.boolean(), yesOrNo),
  logprobs: field(whole(0, MAX_TOP), `a whole number from 0 to ${MAX_TOP}`),
  add_special_tokens: field(z.boolean(), yesOrNo),
  best_of: field(whole(1, MAX_CHOICES), "the same number as n"),
  suffix: neutral(z.literal(""), '""'),
};

const textPart = z.object({ type: z.literal("text"), text: z.string() });
const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal("function"),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }), // JSON, as OpenAI has it
});
const message = z.strictObject({
  role: z.string().min(1),
  content: z.union([z.string(), z.array(textPart)]).nullish(),
  name: z.string().nullish(),
  tool_call_id: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  function_call: z.null().optional(),
  refusal: z.null().optional(),
  audio: z.null().optional(),
  annotations: z.array(z.unknown()).nullish(),
  reasoning_content: z.null().optional(),
});

const CHAT = {
  messages: {
    schema: z.array(message).min(1),
    allowed:
      'a list of at least 1 message such as {"role": "user", "content": "Hello"}, whose content is a text or a list of text parts, without images',
    isDone: true,
  },
  tools: field(z.array(z.record(z.string(), z.unknown())), "a list of tools, each an object"),
  add_generation_prompt: field(z.boolean(), yesOrNo),
};

const CHAT_COMPLETION = {
  ...SAMPLING,
  ...CHAT,
  max_completion_tokens: field(z.int().min(0), "a whole number from 0"),
  logprobs: field(z.boolean(), yesOrNo),
  top_logprobs: field(whole(0, MAX_TOP), `a whole number from 0 to ${MAX_TOP}`),
  tool_choice: field(
    z.enum(["auto", "none"]),
    '"auto" or "none", since this server cannot make a model call a tool',
  ),
  parallel_tool_calls: field(anything, "anything"),
  response_format: neutral(z.strictObject({ type: z.literal("text") }), '{"type": "text"}'),
};

const TOKENIZE = {
  ...CHAT,
  model: SAMPLING.model,
  prompt: field(z.string(), "a text"),
  messages: { ...CHAT.messages, schema: CHAT.messages.schema.optional() },
  add_special_tokens: field(z.boolean(), yesOrNo),
  return_token_strs: field(z.boolean(), yesOrNo),
};

const DETOKENIZE = {
  model: SAMPLING.model,
  tokens: { schema: ids(1_000_000), allowed: "a list of token ids", isDone: true },
};

type Fields = Readonly<Record<string, Field>>;
type Schemas<F extends Fields> = { readonly [Name in keyof F]: F[Name]["schema"] };
type Values<F extends Fields> = z.infer<z.ZodObject<Schemas<F>>>;

/** The body of POST /v1/completions. */
export type CompletionBody = Values<typeof COMPLETION>;
/** The body of POST /v1/chat/completions. */
export type ChatBody = Values<typeof CHAT_COMPLETION>;
/** What both have in common. */
export type SamplingBody = Values<typeof SAMPLING>;
/** What a chat's tokens are made of. */
export type ChatMessagesBody = Values<typeof CHAT>;
/** The body of POST /tokenize. */
export type TokenizeBody = Values<typeof TOKENIZE>;

/** Checks a body of /v1/completions; throws RequestError. */
export const parseCompletion = parserOf(COMPLETION);
/** Checks a body of /v1/chat/completions; throws RequestError. */
export const parseChat = parserOf(CHAT_COMPLETION);
/** Checks a body of /tokenize; throws RequestError. */
export const parseTokenize = parserOf(TOKENIZE);
/** Checks a body of /detokenize; throws RequestError. */
export const parseDetokenize = parserOf(DETOKENIZE);

function parserOf<F extends Fields>(fields: F): (body: unknown) => Values<F> {
  const entries = Object.entries(fields).map(([name, { schema }]) => [name, schema]);
  const schemas = Object.fromEntries(entries) as Schemas<F>; // fromEntries forgets the names
  const whole = z.strictObject(schemas);
  return (body) => {
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      throw new RequestError(
        `the body is ${shown(body)}, which is not allowed; send a JSON object with fields such as "model"`,
      );
    }
    const present = Object.entries(body).filter(([, value]) => value !== null); // null is how clients leave a field out
    const { success, data, error } = whole.safeParse(Object.fromEntries(present));
    if (success) return data as Values<F>; // what safeParse gives is of these schemas
    throw fieldError(error, body, fields);
  };
}

function fieldError(error: z.ZodError, body: object, fields: Fields): RequestError {
  const [issue] = error.issues;
  if (issue === undefined) throw new RangeError("fieldError: no issue");
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const name = pathName([...path, issue.keys[0] ?? ""]);
    const known = path.length === 0 ? `; known are ${doneFields(fields)}` : "";
    return new RequestError(
      `the field ${name} is unknown here, and left unread it would change the result${known}; check the spelling or leave it out`,
      { param: name },
    );
  }
  const name = pathName(path);
  const value = path.reduce<unknown>(valueAt, body);
  const { allowed, isDone } = fields[path[0] ?? ""] ?? UNDESCRIBED;
  const why = isDone ? "which is not allowed" : "which this server does not support";
  const said = value === undefined ? "missing" : `${shown(value)}, ${why}`;
  return new RequestError(`${name} is ${said}; give ${allowed}`, { param: name });
}

const UNDESCRIBED = { allowed: "what the route's documentation says", isDone: true };

/** Fields that do something; what is taken only where it changes nothing helps nobody who looks for a name. */
function doneFields(fields: Fields): string {
  const done = Object.entries(fields).filter(([, { isDone }]) => isDone);
  return done.map(([name]) => name).join(", ");
}

function valueAt(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** Example: ["messages", "0", "role"] -> "messages[0].role". */
function pathName(path: readonly string[]): string {
  return path
    .map((key, i) => (/^\d+$/.test(key) ? `[${key}]` : i === 0 ? key : `.${key}`))
    .join("");
}

const SHOWN_CHARACTERS = 60;

function shown(value: unknown): string {
  if (typeof value === "number") return String(value); // JSON would write Infinity as null
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}...`;
}
