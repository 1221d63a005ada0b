import { expect, test } from "vitest";
import { KEY_MAP } from "../src/views/keys.ts";

test("no letter does two things in one place", () => {
  for (const { lines } of KEY_MAP) {
    const letters = lines.flatMap(({ keys }) =>
      keys.split(" ").filter((key) => /^[A-Z]$/.test(key)),
    );
    expect(letters).toEqual([...new Set(letters)]);
  }
});
