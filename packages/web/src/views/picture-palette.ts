// The colours of pictures: those of the light theme, read from tokens.css, since a picture is pasted on white paper.

import tokensCss from "../styles/tokens.css?raw";

/** Custom properties of the light theme by name, without the dashes. Example: "b1" -> a pale amber. */
export type Palette = ReadonlyMap<string, string>;

/** The declarations of the first :root block of a style sheet. */
export function parsePalette(css: string): Palette {
  const block = /:root\s*\{([^}]*)\}/.exec(css)?.[1] ?? "";
  const declarations = block
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .matchAll(/--([\w-]+):\s*([^;]+);/g);
  return new Map(
    Array.from(declarations, ([, name = "", value = ""]) => [name, value.replaceAll(/\s+/g, " ")]),
  );
}

const LIGHT = parsePalette(tokensCss);

/** A token's value in the light theme; throws RangeError for a name that tokens.css does not have. */
export function lightToken(name: string): string {
  const value = LIGHT.get(name);
  if (value === undefined) throw new RangeError(`lightToken: tokens.css has no --${name}`);
  return value;
}
