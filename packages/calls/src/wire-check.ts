// Whether bytes are one MessagePack value that takes no more memory than they do: its headers may claim any length, and the decoder makes room for what they claim (github.com/msgpack/msgpack, spec.md).

const MOST_DEPTH = 64;

/** Throws RangeError for a value that ends early or late, has an array or map of more entries than there are bytes left, or is nested deeper than 64. */
export function checkStructure(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const left = [1]; // entries that are still to come, of each value that is open
  let at = 0;
  while (left.length > 0) {
    const level = left.length - 1;
    const entries = left[level] ?? 0;
    if (entries === 0) {
      left.pop();
      continue;
    }
    left[level] = entries - 1;
    const { next, children } = valueAt(view, at);
    at = next;
    if (at > bytes.length) throw new RangeError("checkStructure: the value ends early");
    if (children === 0) continue;
    if (children > bytes.length - at) {
      throw new RangeError(`checkStructure: ${children} entries in ${bytes.length - at} bytes`);
    }
    if (left.length > MOST_DEPTH) throw new RangeError(`checkStructure: deeper than ${MOST_DEPTH}`);
    left.push(children);
  }
  if (at !== bytes.length) throw new RangeError("checkStructure: bytes behind the value");
}

interface Value {
  readonly next: number; // place behind its header and its own bytes
  readonly children: number; // values that follow as its entries
}

/** What a first byte from 0xc0 on is followed by: `fixed` bytes, or a length of so many bytes, which counts bytes or entries. */
type Format =
  | { readonly fixed: number }
  | { readonly length: 1 | 2 | 4; readonly of: "bytes" | "entries"; readonly each: number };

const fixed = (count: number): Format => ({ fixed: count });
const bytesOf = (length: 1 | 2 | 4, more = 0): Format => ({ length, of: "bytes", each: more });
const entriesOf = (length: 2 | 4, each: number): Format => ({ length, of: "entries", each });

const FORMATS: readonly Format[] = [
  ...[fixed(0), fixed(0), fixed(0), fixed(0)], // nil, (never used), false, true
  ...[bytesOf(1), bytesOf(2), bytesOf(4)], // bin
  ...[bytesOf(1, 1), bytesOf(2, 1), bytesOf(4, 1)], // ext, with its type
  ...[fixed(4), fixed(8)], // float
  ...[fixed(1), fixed(2), fixed(4), fixed(8), fixed(1), fixed(2), fixed(4), fixed(8)], // uint, int
  ...[fixed(2), fixed(3), fixed(5), fixed(9), fixed(17)], // fixext, with its type
  ...[bytesOf(1), bytesOf(2), bytesOf(4)], // str
  ...[entriesOf(2, 1), entriesOf(4, 1)], // array
  ...[entriesOf(2, 2), entriesOf(4, 2)], // map
];

/** Throws RangeError, as DataView does, where the header is not all there. */
function valueAt(view: DataView, at: number): Value {
  const first = view.getUint8(at);
  const next = at + 1;
  if (first < 0x80 || first >= 0xe0) return { next, children: 0 };
  if (first < 0x90) return { next, children: 2 * (first & 15) };
  if (first < 0xa0) return { next, children: first & 15 };
  if (first < 0xc0) return { next: next + (first & 31), children: 0 };
  const format = FORMATS[first - 0xc0] ?? fixed(0);
  if ("fixed" in format) return { next: next + format.fixed, children: 0 };
  const { length, of, each } = format;
  const count = lengthAt(view, next, length);
  const behind = next + length;
  return of === "bytes"
    ? { next: behind + each + count, children: 0 }
    : { next: behind, children: each * count };
}

function lengthAt(view: DataView, at: number, bytes: 1 | 2 | 4): number {
  if (bytes === 1) return view.getUint8(at);
  return bytes === 2 ? view.getUint16(at) : view.getUint32(at);
}
