import { expect, test } from "vitest";
import { sparkline } from "../src/sparkline.ts";

test("a block a value, from 0 to the highest", () => {
  expect(sparkline([null, 0, 4, 8], 8, 80)).toBe("▁▁▅█");
  expect(sparkline([], 0, 80)).toBe("");
  expect(sparkline([0, 0], 0, 80)).toBe("▁▁");
});

test("more values than columns: each block is the mean of its share", () => {
  expect(sparkline([0, 8, 8, 8], 8, 2)).toBe("▅█");
  expect(sparkline([8, null, null, null], 8, 2)).toBe("█▁");
});
