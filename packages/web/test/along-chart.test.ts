import fc from "fast-check";
import { expect, test } from "vitest";
import {
  axisShare,
  bitsChart,
  pinChart,
  positionAt,
  positionsPerColumn,
} from "../src/views/along-chart.ts";

const numbers = (path: string): number[] => (path.match(/-?[\d.]+/g) ?? []).map(Number);

test("a bar is as high as its bits on an axis of 16, and position 0 has none", () => {
  // Four positions on 40 px: columns of 10, bars of 8. 4 of 16 bits on 64 px are 16 px, from the bottom at 64.
  const { bars, ticks } = bitsChart([null, 4, 16, 8], [null, null, null, null], {
    width: 40,
    height: 64,
  });
  expect(bars).toBe("M10 64V48h8V64zM20 64V0h8V64zM30 64V32h8V64z");
  expect(ticks).toEqual([
    { y: 60, label: "1" },
    { y: 48, label: "4" },
    { y: 32, label: "8" },
    { y: 0, label: "16 bits" },
  ]);
});

test("a bar beyond the axis ends at it and is broken; no other is", () => {
  const plot = { width: 20, height: 64 };
  expect(bitsChart([17, 16], [null, null], plot).breaks).toMatch(/^M-1 [\d.]+L9 [\d.]+$/);
  expect(bitsChart([17, 16], [null, null], plot).bars).toContain("M0 64V0h8");
  expect(bitsChart([16, 2], [null, null], plot).breaks).toBe("");
});

test("entropy is a stepped line that stops where nothing is known", () => {
  const { entropy } = bitsChart([null, null, null, null], [8, null, 0, 4], {
    width: 40,
    height: 64,
  });
  expect(entropy).toBe("M0 32H10M20 64H30V48H40");
});

test("in a long text several positions share a column: the most bits, the mean entropy", () => {
  expect([positionsPerColumn(100, 900), positionsPerColumn(2000, 900)]).toEqual([1, 5]);
  // Four positions on 4 px, two a column: 8 and 4 bits of 16 on 16 px; entropies of (1 + 3) / 2 and 6.
  const { bars, entropy } = bitsChart([2, 8, 4, null], [1, 3, null, 6], { width: 4, height: 16 });
  expect(bars).toBe("M0 16V8h1.6V16zM2 16V12h1.6V16z");
  expect(entropy).toBe("M0 14H2V10H4");
});

test("on the log axis one in a hundred is two thirds of the height, one in a million nothing", () => {
  const share = (p: number) => axisShare(Math.log(p), "log");
  expect(
    [share(1), share(0.01), share(1e-6), share(1e-9)].map((x) => Number(x.toFixed(6))),
  ).toEqual([1, 0.666667, 0, 0]);
  expect(axisShare(Math.log(0.25), "linear")).toBeCloseTo(0.25, 12);
});

test("where the pinned token is the one that came its bar is of the other colour", () => {
  const logprobs = [null, Math.log(0.5), Math.log(0.25)];
  const { bars, came } = pinChart(logprobs, new Set([2]), {
    width: 30,
    height: 20,
    scale: "linear",
  });
  expect(bars).toBe("M10 20V10h8V20z");
  expect(came).toBe("M20 20V15h8V20z");
});

test("every bar lies inside the plot, however many positions there are", () => {
  const bits = fc.array(fc.option(fc.double({ min: 0, max: 40, noNaN: true })), {
    minLength: 1,
    maxLength: 700,
  });
  fc.assert(
    fc.property(bits, fc.integer({ min: 50, max: 1200 }), (values, width) => {
      const { bars } = bitsChart(values, values, { width, height: 112 });
      const shapes = bars.split("M").slice(1);
      expect(shapes.length).toBeLessThanOrEqual(Math.min(values.length, Math.ceil(width / 2)));
      for (const shape of shapes) {
        const [x = 0, bottom = 0, top = 0, bar = 0] = numbers(shape);
        expect(bottom).toBe(112);
        expect(top).toBeGreaterThanOrEqual(0);
        expect(top).toBeLessThan(112);
        expect(x + bar).toBeLessThanOrEqual(width + 1);
      }
    }),
    { seed: 376, numRuns: 100 },
  );
});

test("a place of the plot is a position, and the ends are the first and the last", () => {
  expect([-0.1, 0, 0.5, 0.99, 1, 1.2].map((share) => positionAt(share, 10))).toEqual([
    0, 0, 5, 9, 9, 9,
  ]);
});
