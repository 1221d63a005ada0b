// The kernel's attention against float64 sums: one row's past in parts, rows in tiles, batches, windows and caps, any number of threads.

import { expect, test } from "vitest";
import { type AttentionCase, attended } from "./attend-pages.ts";

const SHARED = [
  [4, 4],
  [4, 2],
  [6, 2],
  [4, 1],
  [5, 1],
] as const; // heads, and key/value heads
const PASTS = [1, 64, 65, 512, 513, 1025]; // one part from the first position on, or from the 65th; at most eight, of 64, then of 128 and 256
const BASE = { heads: 6, keyHeads: 2, width: 64, rows: 1, isShort: false } as const;

for (const isShort of [false, true]) {
  const name = isShort ? "compact" : "exact";
  const bound = isShort ? 6e-5 : 1e-6; // the largest that come: 4.0e-5, 5.4e-7

  test.each(PASTS)(`${name}: one row over a past of %i positions`, async (past) => {
    for (const [heads, keyHeads] of SHARED) {
      for (const width of [12, 64]) {
        const pageBits = past > 512 ? 8 : 6;
        const of = { ...BASE, heads, keyHeads, width, isShort, past, pageBits };
        const { distance, isWithin, shown } = await attended(of);
        expect([of, distance < bound, isWithin]).toEqual([of, true, true]);
        expect(shown.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      }
    }
  });

  test.each([
    [65, 0],
    [100, 5],
    [0, 50],
    [64, 50],
  ])(`${name}: a window of %i and a cap of %i`, async (window, cap) => {
    // 1 - 2 / (e^2x + 1) loses digits near 0: 4.4e-6 at a cap of 50.
    const bent = Math.max(bound, cap === 0 ? 0 : 6e-6);
    for (const variant of ["relaxed", "fixed"] as const) {
      for (const rows of [1, 3, 4, 5]) {
        for (const past of [11, 70, 600]) {
          const of = { ...BASE, isShort, past, rows, window, cap, width: 12, variant };
          const { distance, isWithin } = await attended(of);
          expect([of, distance < bent, isWithin]).toEqual([of, true, true]);
        }
      }
    }
  });

  test(`${name}: a batch whose rows are no neighbours`, async () => {
    for (const rows of [2, 4, 7]) {
      for (const [heads, keyHeads] of SHARED) {
        const of = { ...BASE, isShort, past: 300, rows, heads, keyHeads, width: 12, sequences: 3 };
        const { distance, isWithin } = await attended(of);
        expect([of, distance < bound, isWithin]).toEqual([of, true, true]);
      }
    }
  });

  test(`${name}: any number of threads gives the same bits, in its own scratch`, async () => {
    const cases: readonly AttentionCase[] = [
      { ...BASE, isShort, past: 513 },
      { ...BASE, isShort, past: 900, window: 300 },
      { ...BASE, isShort, past: 1000, rows: 9 },
      { ...BASE, isShort, past: 300, rows: 7, sequences: 3 },
      { ...BASE, isShort, past: 300, heads: 4, keyHeads: 1 },
    ];
    for (const of of cases) {
      const { mixed } = await attended(of);
      for (const threads of [2, 3, 8]) {
        const shared = await attended({ ...of, threads });
        expect([of, shared.isWithin]).toEqual([of, true]);
        expect(shared.mixed).toEqual(mixed);
      }
    }
  });

  test.each([Number.NaN, Infinity, -Infinity])(
    `${name}: %d in a query, a key or a value shows`,
    async (bad) => {
      const small = { ...BASE, heads: 2, keyHeads: 1, width: 12, isShort };
      for (const kind of ["queries", "keys", "values"] as const) {
        for (const cap of [0, 50]) {
          for (const [past, rows] of [
            [30, 1],
            [200, 1],
            [200, 3],
            [200, 4],
          ] as const) {
            const change: AttentionCase["change"] = (changed, numbers) => {
              if (changed === kind) numbers[kind === "queries" ? 3 : (past - rows) * 12 + 3] = bad;
            };
            const { mixed, expected } = await attended({ ...small, past, rows, cap, change });
            const hidden = mixed.filter((x, i) => Number.isFinite(x) && Number.isNaN(expected[i]));
            expect([kind, cap, past, rows, hidden.length]).toEqual([kind, cap, past, rows, 0]);
          }
        }
      }
    },
  );
}

test("compact: one channel of 100 among queries up to 2 costs the others little", async () => {
  const change: AttentionCase["change"] = (kind, numbers) => {
    for (let i = 5; i < numbers.length && kind !== "values"; i += 64) {
      numbers[i] = kind === "queries" ? 100 : 0.5;
    }
  };
  const { distance } = await attended({ ...BASE, isShort: true, past: 301, change });
  expect(distance).toBeLessThan(2e-4); // 1.0e-4, and 5.7e-4 if a query had one scale
});
