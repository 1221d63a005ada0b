// Where the numbers of a GGUF header stand, for tests that damage them one by one. Knows nothing of the reader.

/** Bytes from `from` to `to` of the file, and what they are. */
export interface Field {
  readonly kind: "count" | "length" | "type" | "dimension" | "offset";
  readonly from: number;
  readonly to: number;
}

export interface Fields {
  readonly fields: readonly Field[];
  /** Each tensor's entry in the table. */
  readonly entries: readonly { readonly from: number; readonly to: number }[];
  readonly headerBytes: number;
}

const VALUE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
const STRING = 8;
const ARRAY = 9;

/** The fields of a file that is right. */
export function fieldsOf(file: Uint8Array): Fields {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const fields: Field[] = [];
  let at = 8; // after magic and version
  const number = (kind: Field["kind"], bytes: 4 | 8): number => {
    fields.push({ kind, from: at, to: at + bytes });
    at += bytes;
    return bytes === 4 ? view.getUint32(at - 4, true) : Number(view.getBigUint64(at - 8, true));
  };
  const string = (): void => {
    const length = number("length", 8);
    at += length;
  };
  const value = (type: number): void => {
    if (type === STRING) string();
    else if (type === ARRAY) {
      const elementType = number("type", 4);
      const count = number("count", 8);
      for (let i = 0; i < count; i += 1) value(elementType);
    } else at += VALUE_BYTES[type] ?? 0;
  };
  const tensors = number("count", 8);
  const metadata = number("count", 8);
  for (let i = 0; i < metadata; i += 1) {
    string();
    value(number("type", 4));
  }
  const entries = Array.from({ length: tensors }, () => {
    const from = at;
    string();
    const dimensions = number("count", 4);
    for (let i = 0; i < dimensions; i += 1) number("dimension", 8);
    number("type", 4);
    number("offset", 8);
    return { from, to: at };
  });
  return { fields, entries, headerBytes: at };
}
