// GPT-2's byte-level alphabet: every byte written as one printable character. Knows no vocabulary.

const utf8 = new TextEncoder();

// Printable bytes stand for themselves; the other 68 take the characters from U+0100 in the order of their values.
const CHARACTER_OF_BYTE = byteAlphabet();
const BYTE_OF_CHARACTER = new Map(CHARACTER_OF_BYTE.map((character, byte) => [character, byte]));

/** The bytes of a token written in the alphabet; one with a foreign character is taken literally, as UTF-8. Example: "Ġa" → 20 61. */
export function byteLevelBytes(written: string): Uint8Array {
  const bytes = new Uint8Array(written.length);
  for (let i = 0; i < written.length; i++) {
    const byte = BYTE_OF_CHARACTER.get(written.charAt(i));
    if (byte === undefined) return utf8.encode(written);
    bytes[i] = byte;
  }
  return bytes;
}

/** Bytes in the alphabet, one character a byte. Example: 20 61 → "Ġa". */
export function byteLevelText(bytes: Uint8Array): string {
  let written = "";
  for (const byte of bytes) written += CHARACTER_OF_BYTE[byte];
  return written;
}

function byteAlphabet(): readonly string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(printable ? byte : next++);
  });
}
