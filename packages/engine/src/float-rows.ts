// Rows of floats, side by side in one array.

/** Rows one after another; a single one as it is, not a copy. */
export function joined(rows: readonly Float32Array[]): Float32Array {
  const [first] = rows;
  if (first !== undefined && rows.length === 1) return first;
  const all = new Float32Array(rows.reduce((length, row) => length + row.length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}
