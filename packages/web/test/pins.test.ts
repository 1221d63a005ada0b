import { type TokenId, tokenId } from "@tokenscope/core";
import { openToyEngine, toyTokenizer } from "@tokenscope/core/contracts";
import { expect, test } from "vitest";
import { pinsOf } from "../src/store/pins.ts";
import { alongText, chartReading } from "../src/views/along-text.ts";
import { activeDocumentPath, documentPath } from "../src/views/path.ts";
import { pinLines } from "../src/views/pins.ts";
import { pinsPicture } from "../src/views/pins-picture.ts";
import { closedPage, openPage, type Page, runsOf } from "./store-model.ts";
import { CAT, conversation, FISH, scoresOf, vocabulary } from "./views-document.ts";

const [LETTER_A = tokenId(0), LETTER_Q = tokenId(0), LETTER_Z = tokenId(0)] =
  toyTokenizer.encode("aqz");

/** The lines as the drawer draws them. */
function lines({ state }: Page) {
  const { history, scores, vocabulary: words, pinRows } = state();
  const path = activeDocumentPath(history.present);
  return pinLines(path, scores, { ids: pinsOf(state()), rows: pinRows, vocabulary: words });
}

test("a pinned token's probability at every place is the head's, and costs no model run", async () => {
  const page = await openPage("ab");
  const before = page.state().counts;
  expect(await runsOf(page, () => page.actions.togglePin(LETTER_Q))).toBe(0);
  expect(page.state().counts).toEqual(before); // no head run either
  const [line] = lines(page);
  const { history, scores } = page.state();
  const path = activeDocumentPath(history.present);
  const vectors = path.ids.flatMap((id) => scores.get(id)?.prediction.contextVector ?? []);
  expect(vectors.length).toBe(path.ids.length);
  const own = await openToyEngine().scoreAt(vectors, LETTER_Q);
  expect(line?.logprobsNats).toHaveLength(path.ids.length + 1); // and "next"
  expect(line?.logprobsNats[0]).toBeNull();
  for (const [i, { logprobNats }] of own.entries())
    expect(line?.logprobsNats[i + 1]).toBeCloseTo(logprobNats, 4);
});

test("five tokens are pinned at most, a pin is let go by the same verb, and the live region says which", async () => {
  const page = await openPage("ab");
  const ids = toyTokenizer.encode("abcdef");
  for (const id of ids) page.actions.togglePin(id);
  expect(pinsOf(page.state())).toEqual(ids.slice(0, 5));
  expect(page.state().announcement).toBe("5 tokens are pinned already; remove one first");
  page.actions.togglePin(ids[1] ?? LETTER_A);
  expect(page.state().announcement).toBe("b is no longer pinned");
  page.actions.togglePin(ids[5] ?? LETTER_A);
  expect(page.state().announcement).toBe("f pinned, 5 of 5");
  await page.quiet();
  expect(new Set(page.state().pinRows.keys())).toEqual(new Set(pinsOf(page.state())));
});

test("pins that were kept are asked of the model when it comes, and another model's are not shown", async () => {
  const { documentSha256 } = (await openPage("ab")).state();
  const pins = (modelSha256: string | null, ids: readonly TokenId[]) => ({ modelSha256, ids });
  const kept = closedPage({ opening: { documentSha256, pins: pins(documentSha256, [LETTER_Z]) } });
  kept.actions.start();
  await kept.quiet();
  expect([...kept.state().pinRows.keys()]).toEqual([LETTER_Z]);
  const foreign = closedPage({ opening: { documentSha256, pins: pins("another", [LETTER_Z]) } });
  foreign.actions.start();
  await foreign.quiet();
  expect(pinsOf(foreign.state())).toEqual([]);
  expect(foreign.state().pinRows.size).toBe(0);
});

test("another precision's rows are asked for again", async () => {
  const page = await openPage("ab");
  page.actions.togglePin(LETTER_Q);
  await page.quiet();
  const first = page.state().pinRows.get(LETTER_Q);
  page.actions.switchPrecision("compact");
  await page.quiet();
  const second = page.state().pinRows.get(LETTER_Q);
  expect(second).toBeDefined();
  expect(second).not.toBe(first);
});

test("without a model a listed token has its stored probability, and another none", () => {
  const path = documentPath(conversation());
  const scores = scoresOf(conversation());
  const inputs = { ids: [CAT, FISH], rows: new Map(), vocabulary };
  const [cat, fish] = pinLines(path, scores, inputs);
  expect(cat?.logprobsNats.map((nats) => nats && Math.exp(nats).toFixed(3))).toEqual([
    null,
    ...Array.from({ length: 7 }, () => "0.250"),
  ]);
  expect(fish?.logprobsNats.every((nats) => nats === null)).toBe(true);
  expect([...(cat?.cameAt ?? [])]).toEqual([2]);
  const along = alongText(path, scores);
  const reading = chartReading(2, path, {
    along,
    pins: cat && fish ? [cat, fish] : [],
    vocabulary,
  });
  expect(reading.words).toBe(
    "position 2, space cat, 2.00 bits, entropy 2.00, space cat 25.0 %, space fish n/a",
  );
  expect(chartReading(7, path, { along, pins: [], vocabulary }).words).toBe(
    "position 7, next token, entropy 2.00",
  );
});

test("the picture of the pins has a row a token, with its name and the caption", async () => {
  const page = await openPage("ab");
  page.actions.togglePin(LETTER_A);
  page.actions.togglePin(LETTER_Q);
  await page.quiet();
  const svg = pinsPicture(lines(page), { caption: "Toy, exact, wasm", scale: "log" });
  expect(svg.match(/<g transform/g)).toHaveLength(2);
  expect(svg).toContain("<title>a</title>");
  expect(svg).toContain(">Toy, exact, wasm</text>");
  expect(svg).not.toContain("NaN");
});
