// What `serve` prints: where the page is, where the API is, and who else may come.

interface AddressOptions {
  readonly url: string; // as this machine reaches it
  readonly host: string; // that it listens on
  readonly allowHosts: readonly string[];
  /** The variable with the key that clients must send; null where none is asked for. */
  readonly keyEnv: string | null;
}

const EVERYWHERE = ["0.0.0.0", "::", "[::]"];

/** Lines for a terminal: the page first, then a line that a program's author can paste, then the addresses of others. */
export function addressLines({ url, host, allowHosts, keyEnv }: AddressOptions): readonly string[] {
  const key = keyEnv === null ? '"none"' : `os.environ["${keyEnv}"]`;
  return [
    `Tokenscope is at ${url} (Ctrl-C stops it)`,
    `For programs, as any OpenAI-compatible API: OpenAI(base_url="${url}/v1", api_key=${key})`,
    ...othersLines({ url, host, allowHosts, keyEnv }),
  ];
}

function othersLines({ url, host, allowHosts, keyEnv }: AddressOptions): readonly string[] {
  const { port } = new URL(url);
  const names = allowHosts.map(
    (name) => `http://${name.includes(":") ? `[${name}]` : name}:${port}`,
  );
  const where =
    keyEnv === null
      ? "on this machine unless they choose otherwise"
      : "in their own browsers, since a key in a page would be no secret";
  if (names.length > 0)
    return [`Others reach it at ${names.join(" and ")}; their pages compute ${where}`];
  if (!EVERYWHERE.includes(host)) return [];
  return [
    "It listens on all addresses of this machine but answers to its own names alone; start it with --allow-host NAME, the name or address that others will type",
  ];
}
