// What an address says about the lab guide. Knows no page.

/** A part of the guide, from 0, or the address of a lab file. */
export type LabAddress =
  | { readonly kind: "part"; readonly part: number }
  | { readonly kind: "file"; readonly url: string };

/** Reads the query and the fragment, the fragment first; null where neither names a lab. Examples: "", "#lab=2" -> part 1; "?lab=labs/bits.json", "" -> a file. */
export function labAddress(search: string, hash: string): LabAddress | null {
  const named = new URLSearchParams(hash.replace(/^#/, "")).get("lab");
  const value = named ?? new URLSearchParams(search).get("lab") ?? "";
  if (value === "") return null;
  if (/^[1-9]\d?$/.test(value)) return { kind: "part", part: Number(value) - 1 };
  return { kind: "file", url: value };
}
