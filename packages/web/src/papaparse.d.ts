// The part of papaparse 5 that the page and its tests use; the package has no types of its own.

declare module "papaparse" {
  interface ParseResult {
    readonly data: readonly Readonly<Record<string, string>>[];
    readonly errors: readonly { readonly message: string; readonly row?: number }[];
  }
  function parse(
    text: string,
    options: { readonly header: true; readonly skipEmptyLines: boolean },
  ): ParseResult;
  function unparse(
    rows: readonly (readonly unknown[])[],
    options?: { readonly newline?: string },
  ): string;
  const papaparse: { readonly parse: typeof parse; readonly unparse: typeof unparse };
  // biome-ignore lint/style/noDefaultExport: the package is CommonJS
  export default papaparse;
}
