// Text inside an SVG picture: escaped, measured in columns of a monospaced font, and broken into lines.

// What a terminal draws two columns wide: East Asian scripts, full-width forms and emoji.
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\p{Emoji_Presentation}]/u;
const MARK = /\p{M}/u; // stands over the character before it

/** A text as it stands in XML, attribute or content. Example: "<a>" -> "&lt;a&gt;". */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** How many columns of a monospaced font a text takes. Examples: "abc" -> 3, "日本" -> 4. */
export function textColumns(text: string): number {
  let columns = 0;
  for (const character of text) columns += MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** Words in lines of at most so many columns; a longer word has a line of its own. */
export function brokenLines(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && textColumns(last) + 1 + textColumns(word) <= columns) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** A length in pixels with 2 decimals at most. Example: 8.1299999 -> "8.13". */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}
