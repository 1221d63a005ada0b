// Servers write tokens as strings of three kinds: text, GPT-2's letters for bytes, and SentencePiece's pieces. Which kind a list is shows where they are the text's bytes, joined.

const utf8 = new TextEncoder();

/** Bytes of a name as OpenAI's API writes half characters, or null where it is another. Example: "bytes:\\xe7\\x8c" -> e7 8c. */
export function namedBytes(name: string): Uint8Array | null {
  if (!/^bytes:(\\x[0-9a-fA-F]{2})+$/.test(name)) return null;
  const digits = name.slice("bytes:".length).split("\\x").slice(1);
  return Uint8Array.from(digits, (pair) => Number.parseInt(pair, 16));
}

/** A token's bytes, given or those of its name; half a character has no more than a sign for a name. */
export function toldBytes({
  text,
  bytes,
}: {
  readonly text: string;
  readonly bytes: Uint8Array | null;
}): Uint8Array | null {
  if (bytes !== null) return bytes;
  return text === "" || text.includes("\u{fffd}") ? null : utf8.encode(text);
}

/** Whether a token's text reads as a model's marker does; only its tokenizer knows. Examples: <|im_end|>, </s>, <start_of_turn>, [INST]; not <b>. */
export function readsAsMarker(text: string): boolean {
  return /^(?:<[|｜].*[|｜]>|<\/?s>|<(?:bos|eos|pad|unk|mask|[a-z]+_of_[a-z]+)>|\[\/?[A-Z]{3,}\])$/.test(
    text,
  );
}

/** Each token's bytes, from the server's strings of them; null where these are not the text's bytes in any way that is known. */
export function stringsBytes(
  text: string,
  strings: readonly string[],
): readonly Uint8Array[] | null {
  const whole = utf8.encode(text);
  for (const reading of READINGS) {
    const pieces = strings.map(reading);
    if (pieces.every((piece) => piece !== null)) {
      if (isJoined(pieces, whole)) return pieces;
      const trimmed = withoutFirstSpace(pieces);
      if (isJoined(trimmed, whole)) return trimmed;
    }
  }
  return null;
}

type Reading = (string: string) => Uint8Array | null;

const READINGS: readonly Reading[] = [
  (string) => namedBytes(string) ?? utf8.encode(string),
  byteLetters,
  sentencePiece,
];

/** GPT-2's letters, one for each byte (openai/gpt-2, encoder.py, bytes_to_unicode); special tokens are written as they are. */
function byteLetters(string: string): Uint8Array | null {
  const bytes = Array.from(string, (letter) => BYTES_BY_LETTER.get(letter));
  const isWhole = bytes.every((byte) => byte !== undefined);
  return isWhole ? Uint8Array.from(bytes) : null;
}

const BYTES_BY_LETTER: ReadonlyMap<string, number> = bytesByLetter();

function bytesByLetter(): ReadonlyMap<string, number> {
  const isPlain = (byte: number): boolean =>
    (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad && byte <= 0xff);
  const letters = new Map<string, number>();
  let others = 0;
  for (let byte = 0; byte <= 0xff; byte += 1) {
    const code = isPlain(byte) ? byte : 0x100 + others++;
    letters.set(String.fromCharCode(code), byte);
  }
  return letters;
}

/** SentencePiece: a low line for a space, and <0xE7> for a byte. */
function sentencePiece(string: string): Uint8Array {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(string)?.[1];
  return byte === undefined
    ? utf8.encode(string.replaceAll("\u2581", " "))
    : Uint8Array.of(Number.parseInt(byte, 16));
}

/** SentencePiece puts a space before a text that the text does not have. */
function withoutFirstSpace(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const [first = new Uint8Array(), ...rest] = pieces;
  return first[0] === 0x20 ? [first.slice(1), ...rest] : pieces;
}

function isJoined(pieces: readonly Uint8Array[], whole: Uint8Array): boolean {
  let at = 0;
  for (const piece of pieces) {
    if (at + piece.length > whole.length) return false;
    for (const byte of piece) if (whole[at++] !== byte) return false;
  }
  return at === whole.length;
}
