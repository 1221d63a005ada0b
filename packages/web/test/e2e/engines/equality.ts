// Deep equality of plain data and typed arrays, as the contracts' toEqual means it.

/** True where both hold the same numbers, strings and shapes; a property that is undefined is as good as none. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  const same = [...keys].every((key) => isEqual(Reflect.get(a, key), Reflect.get(b, key)));
  return same && (!Array.isArray(a) || a.length === (b as unknown[]).length);
}
