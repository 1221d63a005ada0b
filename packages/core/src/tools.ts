// Tools of a conversation: their definitions as JSON, and calls of them, read from text. Knows no template.

import { UsageError } from "./errors.ts";
import type { ChatMessage, ChatTemplate, RenderOptions, ToolCall } from "./tokenizer.ts";

/** A function as chat templates are given it (OpenAI's shape, which they all take). */
export interface ToolDefinition {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description?: string;
    readonly parameters?: Readonly<Record<string, unknown>>; // a JSON Schema
  };
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const CALL_EXAMPLE = '{"name": "get_weather", "arguments": {"city": "Oslo"}}';

/** Reads a list of definitions, or one; each as `{"type": "function", "function": {...}}` or the inner object alone. Throws UsageError with the place of what is wrong. */
export function parseTools(text: string): readonly ToolDefinition[] {
  if (text.trim() === "") return [];
  const value = parseJson(text, "the definitions");
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const tools = items.map((item, i) => definition(item, Array.isArray(value) ? `[${i}]` : ""));
  const names = tools.map((tool) => tool.function.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new UsageError(`two tools have the name "${twice}"; rename one`);
  return tools;
}

/** Reads a call of a tool: its name and its arguments by their names. `id` numbers it in its conversation. */
export function parseToolCall(text: string, id: string): ToolCall {
  const value = parseJson(text, "the tool call");
  if (!isRecord(value)) throw wrong("", value, `an object such as ${CALL_EXAMPLE}`);
  const unknown = Object.keys(value).find((key) => key !== "name" && key !== "arguments");
  if (unknown !== undefined) throw wrong("a key", unknown, "name or arguments");
  const { name, arguments: values = {} } = value;
  if (typeof name !== "string" || !NAME.test(name)) throw wrong("name", name, "a tool's name");
  if (!isRecord(values))
    throw wrong("arguments", values, "an object, the arguments by their names");
  return { id, name, arguments: values };
}

/** A call of a tool as a beginning to fill in: every argument that its schema names, with a value of its type. */
export function callExample({ function: { name, parameters } }: ToolDefinition): string {
  const properties = isRecord(parameters?.["properties"]) ? parameters["properties"] : {};
  const values = Object.entries(properties).map(([key, schema]) => [key, exampleOf(schema)]);
  return JSON.stringify({ name, arguments: Object.fromEntries(values) });
}

/** What a template that writes no tools would leave out of a conversation, and where it stands; null where nothing is. */
export function unwrittenTools(
  { takesTools }: Pick<ChatTemplate, "takesTools">,
  {
    tools,
    messages,
  }: { readonly tools: readonly unknown[]; readonly messages: readonly ChatMessage[] },
  modelId: string,
): { readonly sentence: string; readonly field: "tools" | "messages" } | null {
  const calls = messages.flatMap((message) => message.toolCalls ?? []);
  if (takesTools || tools.length + calls.length === 0) return null;
  const given = tools.length > 0 ? `the ${tools.length} given` : "the calls";
  return {
    sentence: `the chat template of "${modelId}" does not write tools, so the model would never see ${given}; leave them out, or choose a model whose template takes them`,
    field: tools.length > 0 ? "tools" : "messages",
  };
}

/** The template as it writes where these tools are defined. */
export function withTools(
  template: ChatTemplate,
  tools: readonly ToolDefinition[] | null,
): ChatTemplate {
  if (tools === null || tools.length === 0) return template;
  const also = (options: RenderOptions): RenderOptions => ({ ...options, tools });
  return {
    takesTools: template.takesTools,
    namedRoles: template.namedRoles,
    render: (messages, options) => template.render(messages, also(options)),
    refusal: (messages, options) => template.refusal(messages, also(options)),
  };
}

function definition(item: unknown, place: string): ToolDefinition {
  const at = (key: string) => (place === "" ? key : `${place}.${key}`);
  if (!isRecord(item)) throw wrong(place, item, 'an object such as {"name": "get_weather"}');
  const isWrapped = item["function"] !== undefined;
  if (isWrapped && item["type"] !== "function") {
    throw wrong(at("type"), item["type"], '"function"');
  }
  const inner = isWrapped ? item["function"] : item;
  const within = (key: string) => at(isWrapped ? `function.${key}` : key);
  if (!isRecord(inner)) throw wrong(at("function"), inner, "an object");
  const { name, description, parameters } = inner;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw wrong(within("name"), name, "1 to 64 letters, digits, dots, hyphens and underscores");
  }
  if (description !== undefined && typeof description !== "string") {
    throw wrong(within("description"), description, "a text");
  }
  if (parameters !== undefined && !isRecord(parameters)) {
    throw wrong(within("parameters"), parameters, "an object, a JSON Schema of the arguments");
  }
  // What else a definition says (strict, examples) is the template's to write or to leave out.
  return { type: "function", function: { ...inner, name } };
}

function exampleOf(schema: unknown): unknown {
  if (!isRecord(schema)) return "";
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  const values: Readonly<Record<string, unknown>> = {
    number: 0,
    integer: 0,
    boolean: false,
    array: [],
    object: {},
  };
  return values[String(schema["type"])] ?? "";
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${what} is not JSON: ${words}`);
  }
}

function wrong(place: string, value: unknown, allowed: string): UsageError {
  const shown = JSON.stringify(value) ?? "missing";
  const short = shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
  return new UsageError(`${place === "" ? "this" : place} is ${short} and must be ${allowed}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
