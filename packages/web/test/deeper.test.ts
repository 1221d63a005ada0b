import type { RemotePlace } from "@tokenscope/calls";
import { tokenId } from "@tokenscope/core";
import { toyTokenizer } from "@tokenscope/core/contracts";
import { expect, test, vi } from "vitest";
import type { RemoteModel } from "../src/store/remote-models.ts";
import { attentionPlace, comparedTokens, deeperPlace } from "../src/views/deeper.ts";
import { BASE_FILE, openPage, type Page, runsOf, say } from "./store-model.ts";

/** A page whose drawer is open at the lens, at a position in the message. */
async function openedAt(position: number): Promise<Page> {
  const page = await openPage("abc");
  page.actions.moveTo(position);
  page.actions.lookDeeper("lens");
  await page.quiet();
  return page;
}

const place = (page: Page) => deeperPlace(page.state());
const kinds = (page: Page) => page.model.calls.map(({ kind }) => kind);

test("while the drawer is closed nothing inside is asked for", async () => {
  const page = await openPage("abc");
  await say(page, "");
  const inside = ["lens", "attention", "headOff", "scoreAt", "tokenVector", "logits"];
  expect(kinds(page).filter((kind) => inside.includes(kind))).toEqual([]);
});

test("the lens costs one model run at a new position, and none at one that was looked at", async () => {
  const page = await openPage("abc");
  page.actions.moveTo(6);
  expect(await runsOf(page, () => page.actions.lookDeeper("lens"))).toBe(1);
  expect(place(page).context?.finding.lens).toHaveLength(2);
  expect(await runsOf(page, () => page.actions.moveTo(7))).toBe(1);
  expect(await runsOf(page, () => page.actions.moveTo(6))).toBe(0);
  expect(await runsOf(page, () => page.actions.openDrawer(null))).toBe(0);
  expect(await runsOf(page, () => page.actions.lookDeeper("lens"))).toBe(0);
});

test("the lens follows the token that came, or the one that was chosen, without a model run", async () => {
  const page = await openedAt(6);
  const { actual, context } = place(page);
  expect(context?.finding.layerScores.get(actual!)).toHaveLength(2);
  const [other = 0] = context!.scored.prediction.topIds;
  const chosen = { logitToken: other as never };
  expect(await runsOf(page, () => page.actions.setDeeper(chosen))).toBe(0);
  expect(place(page).context?.finding.layerScores.get(other as never)).toHaveLength(2);
});

test("the lens's last layer scores the token as the strip does", async () => {
  const page = await openedAt(6);
  const { actual, context, own } = place(page);
  expect(context?.finding.layerScores.get(actual!)?.at(-1)).toEqual(own?.scored.score);
});

test("attention costs one run, and a head that is off another; both are kept", async () => {
  const page = await openedAt(6);
  const set = page.actions.setDeeper;
  expect(await runsOf(page, () => set({ view: "attention" }))).toBe(1);
  expect(attentionPlace(place(page), page.state().deeper)?.position).toBe(6);
  expect(place(page).own?.finding.attention?.rows).toHaveLength(2);
  expect(await runsOf(page, () => set({ layer: 0, head: 0 }))).toBe(0);
  expect(await runsOf(page, () => set({ isHeadOff: true }))).toBe(1);
  expect(place(page).context?.finding.headsOff.size).toBe(1);
  expect(await runsOf(page, () => set({ isHeadOff: false }))).toBe(0);
  expect(await runsOf(page, () => set({ isHeadOff: true }))).toBe(0);
});

test("attention of the token before is that of the run which makes the prediction, and at next the only one", async () => {
  const page = await openedAt(6);
  page.actions.setDeeper({ view: "attention", attentionOf: "before" });
  await page.quiet();
  expect(attentionPlace(place(page), page.state().deeper)?.position).toBe(5);
  page.actions.setDeeper({ attentionOf: "token" });
  page.actions.moveTo(10_000);
  await page.quiet();
  const { position, actual } = place(page);
  expect(actual).toBeNull();
  expect(attentionPlace(place(page), page.state().deeper)?.position).toBe(position - 1);
});

test("a logit is taken apart without any run", async () => {
  const page = await openedAt(6);
  const before = page.state().counts;
  page.actions.setDeeper({ view: "logit" });
  await page.quiet();
  expect(page.state().counts).toEqual(before);
  const { actual, context } = place(page);
  const { token, rival } = comparedTokens(
    { actual },
    context!.scored.prediction,
    page.state().deeper,
  );
  expect(token).toBe(actual);
  expect([...context!.finding.tokenVectors.keys()]).toEqual([token, rival]);
});

test("a rival is never the token itself", async () => {
  const page = await openedAt(6);
  const { prediction } = place(page).context!.scored;
  const [first = 0, second = 0] = prediction.topIds;
  const choice = { logitToken: first as never, rivalToken: first as never };
  expect(comparedTokens({ actual: null }, prediction, choice)).toEqual({
    token: first,
    rival: second,
  });
});

test("the second engine is loaded when it is asked for, in the other precision, and is closed with the drawer", async () => {
  const page = await openedAt(6);
  page.actions.setDeeper({ view: "engines" });
  await page.quiet();
  expect(page.model.workers()).toBe(1);
  page.actions.openSecond();
  await page.quiet();
  expect(page.model.workers()).toBe(2);
  const { second } = page.state().deeper;
  expect(second.kind === "ready" && second.loaded.identity.precision).toBe("compact");
  const { context } = place(page);
  expect(context?.finding.divergence).toMatchObject({ klNats: 0, isSameTop: true }); // the toy is the same in both
  expect(page.state().deeper.secondScores.size).toBe(place(page).path.ids.length);
  page.actions.openDrawer(null);
  await page.quiet();
  expect(page.state().deeper.second).toEqual({ kind: "closed" });
  expect(page.state().deeper.secondScores.size).toBe(0);
  expect(page.state().problem).toBeNull();
});

test("a second engine that dies is said to have, and the page goes on", async () => {
  const page = await openedAt(6);
  page.actions.setDeeper({ view: "engines" });
  page.actions.openSecond();
  await page.quiet();
  page.model.die();
  await page.quiet();
  expect(page.state().deeper.second).toEqual({
    kind: "failed",
    what: "The model's worker stopped: out of memory.",
  });
  expect(page.state().model.kind).toBe("ready");
});

test("what one precision showed inside is not shown for the other", async () => {
  const page = await openedAt(6);
  expect(place(page).context?.finding.lens).not.toBeNull();
  page.actions.openDrawer(null);
  page.actions.switchPrecision("compact");
  await page.quiet();
  expect(place(page).context?.finding.lens).toBeNull();
});

test("what cannot be asked is said once, and not asked again and again", async () => {
  const page = await openedAt(6);
  page.actions.setDeeper({ view: "attention", layer: 9, head: 0, isHeadOff: true });
  await page.quiet();
  expect(page.state().problem).toContain("layer 9 is not in this model");
  expect(kinds(page).filter((kind) => kind === "headOff")).toHaveLength(1);
});

test("another model beside the page's reads the text in its own way, for one run of its own, and its candidates are joined by what they say", async () => {
  const page = await openedAt(0);
  const { path } = place(page);
  const inMessage = path.nodes.findIndex(
    ({ origin, part }) => origin === "typed" && part === "content",
  );
  page.actions.moveTo(inMessage + 2);
  page.actions.setDeeper({ view: "engines" });
  page.actions.chooseSecond(BASE_FILE);
  await page.quiet();
  expect(page.model.workers()).toBe(1); // chosen is not loaded
  page.actions.openSecond();
  await page.quiet();
  const { second } = page.state().deeper;
  expect(second).toMatchObject({ kind: "ready", isOtherModel: true });
  const crossing = place(page).context?.finding.crossing;
  expect(crossing?.read).toMatchObject({ isPlain: true, straddlingId: null });
  expect(crossing?.read.ids).toEqual(toyTokenizer.encode("ab"));
  expect(crossing?.read.nextId).toBe(place(page).actual);
  expect(crossing?.next?.rank).toBeGreaterThan(0);
  expect(crossing?.both.candidates.every(({ own, other }) => own !== null && other !== null)).toBe(
    true,
  );
  const at = place(page).position;
  const [z = tokenId(0)] = toyTokenizer.encode("z");
  page.actions.choose(z, "forced");
  await page.quiet();
  page.actions.moveTo(at);
  await page.quiet();
  const other = place(page).context?.finding.crossing; // of the token that comes next now
  expect([other?.read.nextId, place(page).actual]).toEqual([z, z]);
  expect(place(page).context?.finding.divergence).toBeNull();

  page.actions.chooseSecond("precision");
  await page.quiet();
  expect(page.state().deeper.second).toEqual({ kind: "closed" });
  expect(place(page).context?.finding.crossing).toBeNull();
  expect(page.state().problem).toBeNull();
});

test("inside markers another model is asked nothing, and where it reads nothing the page says so", async () => {
  const page = await openedAt(2);
  page.actions.setDeeper({ view: "engines" });
  page.actions.chooseSecond(BASE_FILE);
  page.actions.openSecond();
  await page.quiet();
  expect(kinds(page)).not.toContain("readAs");
  const inMessage = place(page).path.nodes.findIndex(({ origin }) => origin === "typed");
  page.actions.moveTo(inMessage);
  await page.quiet();
  expect(page.state().problem).toMatch(/^The other model reads nothing before this place/);
});

const REMOTE: RemoteModel = {
  kind: "remote",
  id: "big",
  host: "gpu:8000",
  address: "http://here/remote/",
};
const LISTED: RemotePlace = {
  way: "ids",
  contextTokens: 4,
  isStraddled: false,
  top: [{ text: "b", bytesHex: "62", isSpecial: false, logprobNats: -0.5, rank: 1 }],
  next: { text: "b", bytesHex: "62", isSpecial: false, logprobNats: -0.5, rank: 1 },
};

test("a model on another server is asked once a place through the page's server, without a run here; a failure is asked again by hand, and a place that was left is not waited for", async () => {
  const asked: { readonly body: Record<string, unknown>; readonly signal: AbortSignal }[] = [];
  let answer: () => Promise<Response> = async () => Response.json(LISTED);
  vi.stubGlobal("fetch", (url: URL, { body, signal }: { body: string; signal: AbortSignal }) => {
    expect(url.href).toBe("http://here/remote/place");
    asked.push({ body: JSON.parse(body), signal });
    return answer();
  });
  try {
    const page = await openedAt(0);
    const inMessage = place(page).path.nodes.findIndex(
      ({ origin, part }) => origin === "typed" && part === "content",
    );
    page.actions.moveTo(inMessage + 2);
    page.actions.setDeeper({ view: "engines" });
    page.actions.chooseSecond(REMOTE);
    await page.quiet();
    expect(asked).toHaveLength(0); // chosen is not asked
    expect(await runsOf(page, () => page.actions.openSecond())).toBe(0);
    expect(asked.map(({ body }) => body)).toMatchObject([
      { model: "big", role: "user", before: "ab", after: "c", messages: [] },
    ]);
    const found = place(page).context?.finding.remote?.found;
    const [own] = toyTokenizer.encode("b");
    expect(found).toMatchObject({ place: LISTED });
    expect(
      found &&
        "both" in found &&
        found.both.candidates.find(({ other }) => other !== null)?.own?.id,
    ).toBe(own);

    answer = async () =>
      Response.json({ error: { message: "the other server is away" } }, { status: 502 });
    page.actions.moveTo(inMessage + 1);
    await page.quiet();
    const failed = () => place(page).context?.finding.remote?.found;
    expect(failed()).toEqual({ failure: "the other server is away" });
    expect(asked).toHaveLength(2); // not again by itself
    answer = async () => Response.json(LISTED);
    page.actions.askRemoteAgain();
    await page.quiet();
    expect(failed()).toMatchObject({ place: LISTED });

    answer = () =>
      new Promise((_, reject) => {
        const { signal } = asked.at(-1) ?? {};
        signal?.addEventListener("abort", () => reject(signal.reason));
      });
    page.actions.moveTo(inMessage + 3);
    await vi.waitFor(() => expect(asked).toHaveLength(4));
    page.actions.openDrawer(null);
    expect(asked.at(-1)?.signal.aborted).toBe(true);
    await page.quiet();
    expect(page.state().deeper.second).toEqual({ kind: "closed" });
    expect(page.state().problem).toBeNull();
  } finally {
    vi.unstubAllGlobals();
  }
});
