// Calls as bytes: MessagePack (msgpack.org), with extension types for what it does not know and the calls use: typed arrays and maps.

import { decode, decodeMultiStream, ExtensionCodec, encode } from "@msgpack/msgpack";
import type { ModelIdentity, Precision, RunCounts, TokenId } from "@tokenscope/core";
import type { VocabularyTable } from "./calls.ts";
import { checkStructure } from "./wire-check.ts";

/** The content type of calls over HTTP (IANA). */
export const CALL_TYPE = "application/vnd.msgpack";

/** What an answer is made of: events as they come, and then one of the others. */
export type CallMessage =
  | { readonly kind: "event"; readonly event: unknown }
  | { readonly kind: "done"; readonly result: unknown; readonly counts: RunCounts }
  | { readonly kind: "failed"; readonly failure: FailureMessage };

/** An error as it crosses a border; `name` is that of core's class. */
export interface FailureMessage {
  readonly name: string;
  readonly message: string;
  readonly details: string;
}

/** What a page must know of a model on a server, beside what the list of files says. */
export interface ModelDescription {
  readonly identity: ModelIdentity;
  readonly threads: number;
  readonly contextLength: number;
  /** What the weights take in memory on the kernel, in each precision. */
  readonly weightBytes: Readonly<Record<Precision, number>>;
  readonly vocabulary: VocabularyTable;
  readonly endTokenIds: readonly TokenId[];
  readonly hasTemplate: boolean;
  readonly takesTools: boolean;
}

type ArrayBytes = (bytes: Uint8Array) => Float32Array | Int32Array | Uint32Array;

/** By extension type; numbers of a wire stay what they were. Bytes are little-endian, as on every machine that this runs on. */
const ARRAYS: readonly {
  readonly type: number;
  readonly isOf: (value: unknown) => value is Float32Array | Int32Array | Uint32Array;
  readonly read: ArrayBytes;
}[] = [
  {
    type: 1,
    isOf: (value) => value instanceof Float32Array,
    read: (bytes) => new Float32Array(aligned(bytes)),
  },
  {
    type: 2,
    isOf: (value) => value instanceof Int32Array,
    read: (bytes) => new Int32Array(aligned(bytes)),
  },
  {
    type: 3,
    isOf: (value) => value instanceof Uint32Array,
    read: (bytes) => new Uint32Array(aligned(bytes)),
  },
];
const MAP_TYPE = 4;

const extensionCodec = codec();
const options = { extensionCodec, ignoreUndefined: true };

/** A value of the calls as bytes of its own. */
export function encodeValue(value: unknown): Uint8Array<ArrayBuffer> {
  return encode(value, options).slice(); // the encoder's own buffer is larger
}

/** The value of such bytes; throws RangeError where they are none, not all of one, or one that claims more than they hold. */
export function decodeValue(bytes: Uint8Array): unknown {
  checkStructure(bytes);
  return decode(bytes, options);
}

/** The values of a stream, each as soon as it is there; one that the stream ends within never comes. */
export function decodeMessages(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<unknown, void, unknown> {
  return decodeMultiStream(stream, options);
}

function codec(): ExtensionCodec {
  const made = new ExtensionCodec();
  for (const { type, isOf, read } of ARRAYS) {
    made.register({
      type,
      encode: (value) =>
        isOf(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null,
      decode: read,
    });
  }
  made.register({
    type: MAP_TYPE,
    encode: (value) => (value instanceof Map ? encode([...value], options) : null),
    decode: (bytes) => new Map(decodeValue(bytes) as (readonly [unknown, unknown])[]), // written by the line above
  });
  return made;
}

/** The bytes at the beginning of a buffer: four-byte numbers cannot begin anywhere. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer; // Buffer.slice would not copy
}
