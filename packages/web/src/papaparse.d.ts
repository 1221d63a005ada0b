// The part of papaparse 5 that the page uses; the package has no types of its own.

declare module "papaparse" {
  function unparse(
    rows: readonly (readonly unknown[])[],
    options?: { readonly newline?: string },
  ): string;
  const papaparse: { readonly unparse: typeof unparse };
  // biome-ignore lint/style/noDefaultExport: the package is CommonJS
  export default papaparse;
}
