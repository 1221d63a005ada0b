// A session in an address: its bytes, compressed, as text that survives mail and chat. No server is asked; what the link says stands in it.

import { decodeSession, encodeSession, FormatError, type Session } from "@tokenscope/core";

const NAME = "session"; // of the address's part
const VERSION = "1";
const MAX_BYTES = 20_000_000; // a link that unpacks to more is no conversation

/** Longest link that is offered as one: chats and mail programs cut longer ones. */
export const MAX_LINK_CHARACTERS = 8_000;

/** The address that opens a session on a page; without the tokens' own text where that would make it too long. */
export async function sessionLink(session: Session, pageUrl: string): Promise<string> {
  const whole = await linkTo(session, pageUrl);
  if (whole.length <= MAX_LINK_CHARACTERS) return whole;
  return linkTo({ ...session, pieces: new Map() }, pageUrl);
}

async function linkTo(session: Session, pageUrl: string): Promise<string> {
  const packed = await through(encodeSession(session), new CompressionStream("deflate-raw"));
  const url = new URL(pageUrl);
  url.hash = `${NAME}=${VERSION}.${base64Url(packed)}`;
  return url.href;
}

/** True where an address, or its fragment alone, holds a session. */
export function holdsSession(address: string): boolean {
  return codeIn(address) !== null;
}

/** The session in an address; throws FormatError where there is none, or not a whole one. */
export async function parseSessionLink(address: string): Promise<Session> {
  const code = codeIn(address);
  if (code === null) {
    throw new FormatError(
      `the link has no conversation in it (#${NAME}=... is missing); copy it from Share again`,
    );
  }
  const [version, text = ""] = code.split(".", 2);
  if (version !== VERSION) {
    throw new FormatError(
      `the link has version ${version} and this Tokenscope reads ${VERSION}; open it in a newer Tokenscope`,
    );
  }
  return decodeSession(await unpacked(text));
}

function codeIn(address: string): string | null {
  const fragment = address.slice(address.indexOf("#") + 1).trim();
  return new URLSearchParams(fragment).get(NAME);
}

async function unpacked(text: string): Promise<Uint8Array> {
  try {
    return await through(fromBase64Url(text), new DecompressionStream("deflate-raw"));
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(
      `the link is cut or changed (${text.length} characters of it are there); copy it again, whole`,
      { cause: error },
    );
  }
}

async function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const source = new Blob([Uint8Array.from(bytes)]).stream();
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = source.pipeThrough(stream).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
    if (length > MAX_BYTES) {
      await reader.cancel();
      throw new FormatError(
        `the link unpacks to more than ${MAX_BYTES} bytes, which no conversation has; copy it again`,
      );
    }
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function base64Url(bytes: Uint8Array): string {
  const characters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array {
  const characters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
