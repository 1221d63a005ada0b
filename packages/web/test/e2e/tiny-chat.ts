// A tiny model that can be talked to: one of the reference's random models with a chat template in its metadata.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { referencePath } from "../../../../fixtures/index.ts";

const COUNT_OFFSET = 16; // of the number of metadata entries: after magic, version and the number of tensors
const ENTRIES_OFFSET = 24;
const STRING_TYPE = 8;
const ALIGNMENT = 32; // an entry of so many bytes, or twice as many, leaves the tensors' alignment as it is

const TEMPLATE = [
  "{% for message in messages %}{{ message.role }}: {{ message.content }}<|end|>{% endfor %}",
  "{% if add_generation_prompt %}assistant: {% endif %}",
].join("");

/** One that writes tools, as some real ones do: definitions at the beginning, a call behind its message. */
export const TOOLS_TEMPLATE = [
  "{% if tools %}<tools>{{ tools | tojson }}</tools><|end|>{% endif %}",
  "{% for message in messages %}{{ message.role }}: {{ message.content }}",
  "{% for call in message.tool_calls or [] %}<call>{{ call.function | tojson }}</call>{% endfor %}",
  "<|end|>{% endfor %}",
  "{% if add_generation_prompt %}assistant: {% endif %}",
].join("");

export interface TinyChat {
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** The model's file, with one more entry, its chat template, at the beginning of its metadata. */
export function tinyChat(template = TEMPLATE): TinyChat {
  const file = readFileSync(referencePath("tiny/llama-tied.gguf"));
  const entry = templateEntry(template);
  const bytes = Buffer.concat([
    file.subarray(0, ENTRIES_OFFSET),
    entry,
    file.subarray(ENTRIES_OFFSET),
  ]);
  bytes.writeBigUInt64LE(file.readBigUInt64LE(COUNT_OFFSET) + 1n, COUNT_OFFSET);
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function templateEntry(template: string): Buffer {
  const key = string("tokenizer.chat_template");
  const type = Buffer.alloc(4);
  type.writeUInt32LE(STRING_TYPE);
  const bare = Buffer.concat([key, type, string(template)]);
  const missing = (ALIGNMENT - (bare.length % ALIGNMENT)) % ALIGNMENT;
  const comment = missing < 4 ? missing + ALIGNMENT : missing;
  const padding = missing === 0 ? "" : `{#${" ".repeat(comment - 4)}#}`;
  return Buffer.concat([key, type, string(template + padding)]);
}

function string(text: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([length, Buffer.from(text)]);
}
