// IEEE 754 half precision to float32, by a table of all 65,536 values.

const TABLE = halfTable();

/** The value of a half-precision number's 16 bits. Example: 0x3c00 -> 1. */
export function halfToFloat(bits: number): number {
  return TABLE[bits] ?? 0;
}

function halfTable(): Float32Array {
  const table = new Float32Array(65_536);
  for (let bits = 0; bits < table.length; bits += 1) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) table[bits] = fraction === 0 ? sign * Infinity : Number.NaN;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}
