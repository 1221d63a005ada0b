// A request's body as JSON, within limits: its type, its size, its nesting. Knows no field.

import type { Context } from "hono";
import { RequestError } from "./request-error.ts";

const MAX_DEPTH = 64; // levels; a chat with tools has about ten

/** The body's JSON; throws RequestError 415 for another type, 413 for more bytes, 400 for what is no JSON or nested too deep. */
export async function readBody(c: Context, maxBytes: number): Promise<unknown> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type.trim())) {
    throw new RequestError(
      `the body's type is ${JSON.stringify(type)}; send JSON with the header content-type: application/json`,
      { httpStatus: 415 },
    );
  }
  const text = await readText(c, maxBytes);
  const body = parseJson(text);
  if (!isShallow(body)) {
    throw new RequestError(`the body is nested more than ${MAX_DEPTH} levels deep; flatten it`);
  }
  return body;
}

async function readText(c: Context, maxBytes: number): Promise<string> {
  const bytes = await readBytes(c, maxBytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RequestError("the body is not UTF-8; send JSON in UTF-8", { cause });
  }
}

/** The body's bytes; throws RequestError 413 for more than `maxBytes`. */
export async function readBytes(c: Context, maxBytes: number): Promise<Uint8Array> {
  const announced = Number(c.req.header("content-length") ?? 0);
  if (announced > maxBytes) throw tooLarge(`${announced} bytes`, maxBytes);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of bodyOf(c)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* bodyOf(c: Context): AsyncGenerator<Uint8Array, void, void> {
  const { body } = c.req.raw;
  if (body !== null) yield* body as AsyncIterable<Uint8Array>; // Node's streams iterate; the type of the web's does not say so
}

function tooLarge(size: string, maxBytes: number): RequestError {
  return new RequestError(
    `the body has ${size} and this server reads at most ${maxBytes}; send fewer or shorter prompts at once`,
    { httpStatus: 413 },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const reason = said.replaceAll(/\s+/g, " ").slice(0, 120);
    throw new RequestError(`the body is not JSON: ${reason}; correct it there`, { cause });
  }
}

/** Level by level and not by recursion: the stack must not decide. */
function isShallow(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= MAX_DEPTH; depth += 1) {
    level = level.flatMap((each) =>
      typeof each === "object" && each !== null ? Object.values(each) : [],
    );
    if (level.length === 0) return true;
  }
  return false;
}
