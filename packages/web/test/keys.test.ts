import { expect, test } from "vitest";
import { KEY_MAP } from "../src/views/keys.ts";

test("no letter does two things in one place", () => {
  const places = new Set(KEY_MAP.map(placeOf));
  for (const place of places) {
    const lines = KEY_MAP.filter((group) => placeOf(group) === place).flatMap(
      (group) => group.lines,
    );
    const letters = lines.flatMap(({ keys }) =>
      keys.split(" ").filter((key) => /^[A-Z]$/.test(key)),
    );
    expect(letters).toEqual([...new Set(letters)]);
  }
});

test("no group of keys is longer than half of them: two columns can be balanced", () => {
  const all = KEY_MAP.reduce((sum, { lines }) => sum + lines.length, 0);
  for (const { lines } of KEY_MAP) expect(lines.length).toBeLessThan(all / 2);
});

/** The place of a group, whichever part of it. Example: "In the strip: to look" -> "In the strip". */
function placeOf({ place }: (typeof KEY_MAP)[number]): string {
  return place.split(":")[0] ?? place;
}
