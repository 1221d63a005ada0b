// A model in several files: names such as "big-00001-of-00003.gguf" (llama.cpp's gguf-split). Knows names alone, no disk and no network.

const SHARD = /^(?<stem>.+)-(?<index>\d{5})-of-(?<count>\d{5})\.gguf$/i;

/** The names of all shards in their order, given any one's; null for a file that is whole. Example: "a-00002-of-00002.gguf" -> "a-00001-of-00002.gguf" and itself. */
export function shardNames(fileName: string): readonly string[] | null {
  const match = SHARD.exec(fileName)?.groups;
  if (match === undefined) return null;
  const { stem = "", index = "", count = "" } = match;
  if (Number(index) < 1 || Number(index) > Number(count)) return null;
  const end = fileName.slice(stem.length + index.length + 1); // "-of-00003.gguf"
  return Array.from(
    { length: Number(count) },
    (_, i) => `${stem}-${String(i + 1).padStart(index.length, "0")}${end}`,
  );
}

/** The addresses of all shards in their order, given any one's; null where it is none's. What follows the path (a key, a fragment) stays as it is. */
export function shardUrls(url: string): readonly string[] | null {
  const parsed = new URL(url);
  const folder = parsed.pathname.slice(0, parsed.pathname.lastIndexOf("/") + 1);
  const names = shardNames(parsed.pathname.slice(folder.length));
  if (names === null) return null;
  return names.map((name) => {
    const address = new URL(parsed);
    address.pathname = folder + name;
    return address.href;
  });
}

/** A sharded file's name without its number, so that it names the whole model. Example: "a-00002-of-00002.gguf" -> "a.gguf". */
export function wholeName(fileName: string): string {
  const stem = shardNames(fileName) === null ? undefined : SHARD.exec(fileName)?.groups?.["stem"];
  return stem === undefined ? fileName : `${stem}.gguf`;
}
