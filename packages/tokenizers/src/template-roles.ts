// The roles that a chat template's source names. Knows no message.

const COMPARED =
  /\brole(?:['"]\])?\s*(?:[!=]?=|(?:not\s+)?in\b)\s*(\[[^\]]*\]|\([^)]*\)|'[^']*'|"[^"]*")/g;

/** Texts that a role is compared with or set to, each once. Example: `{% if message['role'] == 'ipython' %}` -> ["ipython"]. */
export function namedRoles(source: string): readonly string[] {
  const values = [...source.matchAll(COMPARED)].map(([, value = ""]) => value);
  const names = values.flatMap((value) =>
    [...value.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, single, double]) => single ?? double ?? ""),
  );
  return [...new Set(names)].filter((name) => name !== "");
}
