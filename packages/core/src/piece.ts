// What a token's bytes look like: as text, as glyphs for what cannot be seen, and as words for a screen reader.

/** A stretch of a piece: ordinary text, or a glyph that stands for something invisible. */
export interface PieceSegment {
  readonly text: string;
  readonly isGlyph: boolean;
}

/** Bytes to text as they come; a character is held back until its last byte is there. */
export interface TextStream {
  push(bytes: Uint8Array): string;
  /** What is left, with U+FFFD for a character that never ended. */
  end(): string;
}

const GLYPHS: ReadonlyMap<string, string> = new Map([
  [" ", "·"],
  ["\n", "↵"],
  ["\t", "→"],
  ["\r", "␍"],
]);
const NAMES: ReadonlyMap<string, string> = new Map([
  [" ", "space"],
  ["\n", "newline"],
  ["\t", "tab"],
  ["\r", "return"],
]);
// Controls, format marks, private use, unassigned, separators, and what Unicode says to draw nothing for.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
const LONGEST_CHARACTER = 4; // bytes of UTF-8

const whole = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of a piece, or null where its bytes are not whole UTF-8. */
export function pieceText(bytes: Uint8Array): string | null {
  try {
    return whole.decode(bytes);
  } catch {
    return null; // the one thing that a fatal decoder reports
  }
}

/** A piece as it is drawn: `·` space, `↵` newline, `→` tab, `␍` return, `U+200B` other invisibles, `E2 81` bytes of a cut character. Example: " a" -> glyph "·", text "a". */
export function pieceGlyphs(bytes: Uint8Array): readonly PieceSegment[] {
  const segments: PieceSegment[] = [];
  for (const part of partsOf(bytes)) {
    const text = glyphOf(part);
    const isGlyph = part.character === null || text !== part.character;
    const before = segments.at(-1);
    if (!isGlyph && before && !before.isGlyph) {
      segments[segments.length - 1] = { text: before.text + text, isGlyph };
    } else segments.push({ text, isGlyph });
  }
  return segments;
}

/** A piece in words for a screen reader. Examples: " intricate" -> "space intricate", "\n\n" -> "2 newlines", the byte 0xE2 -> "byte E2". */
export function pieceName(bytes: Uint8Array): string {
  const names: { name: string; count: number; isText: boolean }[] = [];
  for (const part of partsOf(bytes)) {
    const named = part.character === null ? bytesName(part.bytes) : NAMES.get(part.character);
    const name = named ?? glyphOf(part);
    const isText = part.character !== null && name === part.character;
    const before = names.at(-1);
    if (before?.isText && isText) before.name += name;
    else if (before?.name === name) before.count += 1;
    else names.push({ name, count: 1, isText });
  }
  if (names.length === 0) return "empty token";
  return names.map(({ name, count }) => (count === 1 ? name : `${count} ${name}s`)).join(" ");
}

/** Text of consecutive tokens by a fresh decoder; U+FFFD only for bytes that are truly broken, or cut at the ends. */
export function decodeTokens(pieces: readonly Uint8Array[]): string {
  const stream = textStream();
  return pieces.map((piece) => stream.push(piece)).join("") + stream.end();
}

/** A fresh decoder for tokens that arrive one by one. */
export function textStream(): TextStream {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push: (bytes) => decoder.decode(bytes, { stream: true }),
    end: () => decoder.decode(),
  };
}

/** Bytes in hexadecimal, lower case, without spaces. Example: "é" -> "c3a9". */
export function bytesHex(bytes: Uint8Array): string {
  return Array.from(bytes, hex).join("");
}

/** Bytes of digits as bytesHex writes them. */
export function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}

// A character, or (null) a run of bytes that belong to none.
interface Part {
  readonly character: string | null;
  readonly bytes: Uint8Array;
}

function partsOf(bytes: Uint8Array): readonly Part[] {
  const text = pieceText(bytes);
  if (text !== null) return Array.from(text, (character) => ({ character, bytes }));
  const parts: Part[] = [];
  let brokenFrom = 0;
  let at = 0;
  const endBroken = (): void => {
    if (brokenFrom < at) parts.push({ character: null, bytes: bytes.subarray(brokenFrom, at) });
  };
  while (at < bytes.length) {
    const character = characterAt(bytes, at);
    if (character === null) at += 1;
    else {
      endBroken();
      parts.push(character);
      at += character.bytes.length;
      brokenFrom = at;
    }
  }
  endBroken();
  return parts;
}

function characterAt(bytes: Uint8Array, at: number): Part | null {
  for (let length = 1; length <= LONGEST_CHARACTER && at + length <= bytes.length; length += 1) {
    const slice = bytes.subarray(at, at + length);
    const character = pieceText(slice);
    if (character !== null) return { character, bytes: slice };
  }
  return null;
}

function glyphOf({ character, bytes }: Part): string {
  if (character === null) return Array.from(bytes, hex).join(" ").toUpperCase();
  const glyph = GLYPHS.get(character);
  if (glyph !== undefined) return glyph;
  if (!INVISIBLE.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

function bytesName(bytes: Uint8Array): string {
  const digits = glyphOf({ character: null, bytes });
  return bytes.length === 1 ? `byte ${digits}` : `bytes ${digits}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
