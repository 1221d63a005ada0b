// Nothing is cut or covered: the lab guide beside the work in any window, the written-out sum, the legend on a phone, low windows, drawers. Nothing jumps.

import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { button, newPage, openStage, PHONE, ready, type Stage, scored, token } from "./browser.ts";
import { mouse } from "./hands.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

async function pageOf(width: number, height: number, options: object = {}): Promise<Page> {
  const { page } = await newPage(stage, { viewport: { width, height }, ...options });
  await page.addInitScript(addIsInSight);
  await page.goto(stage.url);
  await ready(page);
  return page;
}

declare global {
  interface Window {
    /** Whether all of an element is on screen with nothing of another over its middle and its corners. */
    isInSight(element: Element): boolean;
  }
}

/** In the page, so that one message asks about many elements. */
function addIsInSight(): void {
  window.isInSight = (element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    if (left < 0 || top < 0 || right > innerWidth + 1 || bottom > innerHeight + 1) return false; // pixels are rounded
    const inset = 3;
    const places = [
      [left + inset, top + inset],
      [right - inset, bottom - inset],
      [(left + right) / 2, (top + bottom) / 2],
    ] as const;
    return places.every(([x, y]) => element.contains(document.elementFromPoint(x, y)));
  };
}

async function isInSight(locator: Locator): Promise<boolean> {
  return locator.evaluate((element) => window.isInSight(element));
}

test("with the lab guide open the work stays in sight in any window", async () => {
  const page = await pageOf(1440, 900);
  const hand = mouse(page);
  await hand.newConversation();
  await hand.write("Why is the sky blue?");
  await button(page, "Lab guide").click();
  await page.getByRole("heading", { name: "Lab guide" }).waitFor();
  for (const width of [1440, 1280, 1024, 800]) {
    await page.setViewportSize({ width, height: 900 });
    const at = (value: unknown): unknown[] => [width, value];
    for (const name of ["Generate response", /^Step/, /^End turn/]) {
      expect(at([String(name), await isInSight(button(page, name))])).toEqual(
        at([String(name), true]),
      );
    }
    expect(at(await isInSight(page.getByLabel("Message")))).toEqual(at(true));
    expect(at(await isInSight(page.getByRole("searchbox")))).toEqual(at(true));
    const hint = page.locator(".acts .hint");
    const isWhole = await hint.evaluate((each) => each.scrollHeight <= each.clientHeight);
    expect(at(isWhole)).toEqual(at(true));
  }
  await page.context().close();
});

test("the sum of a span is written out whole beside the guide", async () => {
  const page = await pageOf(1440, 900);
  await button(page, "Lab guide").click();
  const hand = mouse(page);
  await hand.newConversation();
  await hand.write("Why is the sky blue?");
  await page.getByRole("group", { name: "assistant turn" }).waitFor();
  await scored(page);
  await hand.select(22, 33);
  const sum = page.locator(".sum");
  await sum.locator("b").waitFor();
  expect(await sum.evaluate((each) => each.scrollWidth <= each.clientWidth)).toBe(true);
  expect(await isInSight(sum.locator("b"))).toBe(true);
  await page.context().close();
});

test("the legend is whole on narrow phones, and More has the engine", async () => {
  const page = await pageOf(390, 780, { ...PHONE, viewport: { width: 390, height: 780 } });
  for (const width of [390, 360]) {
    await page.setViewportSize({ width, height: 780 });
    await page.locator(".script").evaluate((each) => each.scrollTo(0, 0));
    for (const step of await page.locator(".legend li").all()) {
      expect([width, await isInSight(step)]).toEqual([width, true]);
    }
  }
  await button(page, "More").click();
  await page
    .locator(".more-engine")
    .getByText(/WASM, \d+ thread/)
    .waitFor();
  await page.context().close();
});

const LEAST_STRIP_PX = 130;
const LOW_SIZES = [
  [640, 400],
  [844, 390],
  [568, 320],
] as const;
const PHONE_SIZES = [...LOW_SIZES, [390, 844], [375, 553]] as const;
/** The key that opens each in the strip, and its name. */
const DRAWERS = [
  ["c", "Compare branches"],
  ["b", "Along the text"],
  ["i", "Look deeper"],
  ["w", "Neighbour"],
  ["e", /^Edit position/],
] as const;
const A_TOKEN = 50;

let phone: Page | null = null;

/** One phone for all sizes, as a hand turns it: the model is loaded once. What a test opens on it, it closes. */
async function phoneOf(width: number, height: number): Promise<Page> {
  const viewport = { width, height };
  phone ??= await pageOf(width, height, { ...PHONE, viewport });
  await phone.setViewportSize(viewport);
  return phone;
}

/** Pixels of the strip's height with nothing of a drawer over them. */
async function stripHeight(page: Page): Promise<number> {
  return page.evaluate(() => {
    const box = (selector: string) => document.querySelector(selector)?.getBoundingClientRect();
    const strip = box(".script");
    const drawer = box(".drawer");
    if (strip === undefined) return 0;
    const isBeside = drawer === undefined || drawer.left >= strip.right - 1;
    return (isBeside ? strip.bottom : Math.min(strip.bottom, drawer.top)) - strip.top;
  });
}

/** Controls under a selector that no scrolling brings whole into sight, by their names. */
async function unreachable(page: Page, selector: string): Promise<string[]> {
  const controls = page.locator(selector).filter({ visible: true });
  return controls.evaluateAll((elements) => {
    const unseen = elements.filter((element) => {
      if (window.isInSight(element)) return false;
      element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
      return !window.isInSight(element);
    });
    return unseen.map((element) => element.outerHTML.slice(0, 80));
  });
}

const CONTROLS = ":is(button, input, select, textarea)";

test.each(LOW_SIZES)(
  "at %i x %i the strip keeps its height and everything is in reach",
  async (width, height) => {
    const page = await phoneOf(width, height);
    expect(await stripHeight(page)).toBeGreaterThanOrEqual(LEAST_STRIP_PX);
    for (const place of [".top", ".branch-row > .bname", ".phone-acts", ".status"]) {
      const selector = place.endsWith("bname") ? place : `${place} ${CONTROLS}`;
      expect([place, await unreachable(page, selector)]).toEqual([place, []]);
    }
    for (const tab of ["Next token", "Sampling", "Span", "Write"]) {
      await page.getByRole("tab", { name: tab }).click();
      expect([tab, await unreachable(page, `#sheet ${CONTROLS}`)]).toEqual([tab, []]);
    }
    const branches = page.getByRole("button", { name: /^Branch / });
    await branches.click();
    await page.locator("#branch-list").waitFor();
    expect(await unreachable(page, `#branch-list ${CONTROLS}`)).toEqual([]);
    await branches.click();
    await page.locator("#branch-list").waitFor({ state: "hidden" });
    await page.getByRole("tab", { name: "Next token" }).click();
  },
);

test.each(PHONE_SIZES)(
  "at %i x %i every drawer leaves the strip its height, is whole, and what it covers has no focus",
  async (width, height) => {
    const page = await phoneOf(width, height);
    for (const [key, name] of DRAWERS) {
      await token(page, A_TOKEN).press(key);
      const drawer = page.getByRole("region", { name });
      await drawer.waitFor();
      const at = (value: unknown): unknown[] => [key, value];
      expect(at((await stripHeight(page)) >= LEAST_STRIP_PX)).toEqual(at(true));
      expect(at(await isLowEnough(drawer))).toEqual(at(true));
      expect(at(await isInSight(drawer.getByRole("button", { name: "Close" })))).toEqual(at(true));
      expect(at(await unreachable(page, `.drawer ${CONTROLS}:not([tabindex="-1"])`))).toEqual(
        at([]),
      );
      expect(at(await coveredInTabOrder(page))).toEqual(at([]));
      await drawer.focus();
      await page.keyboard.press("Escape");
      await drawer.waitFor({ state: "detached" });
      expect(at(await page.evaluate(() => document.activeElement?.getAttribute("data-i")))).toEqual(
        at(String(A_TOKEN)),
      );
      await page.getByRole("tab", { name: "Next token" }).focus(); // it takes the focus again
      expect(at(await page.locator("[inert]").count())).toEqual(at(0));
      await page.locator("[role=tab]:focus").waitFor();
    }
    await token(page, A_TOKEN).press("l"); // over the whole page, and modal
    await page.getByRole("dialog", { name: "Lab guide" }).waitFor();
    expect(await isInSight(button(page, "Close"))).toBe(true);
    expect(await coveredInTabOrder(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Lab guide" }).waitFor({ state: "detached" });
  },
);

test("in a laptop's window a drawer is of use, and the strip keeps its height", async () => {
  const page = await pageOf(1366, 625);
  for (const [width, height] of [
    [1366, 625],
    [1024, 600],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const [key, name] of DRAWERS) {
      await token(page, A_TOKEN).press(key);
      const drawer = page.getByRole("region", { name });
      await drawer.waitFor();
      const heightPx = (await drawer.boundingBox())?.height ?? 0;
      const isWhole = await isInSight(drawer.getByRole("button", { name: "Close" }));
      const isStripThere = (await stripHeight(page)) >= LEAST_STRIP_PX;
      const seen = [width, key, heightPx >= LEAST_STRIP_PX, isWhole, isStripThere];
      expect(seen).toEqual([width, key, true, true, true]);
      await drawer.focus();
      await page.keyboard.press("Escape");
      await drawer.waitFor({ state: "detached" });
    }
  }
  await page.context().close();
});

/** Whether a drawer stands beside the strip, or is at most 60 % of the window's height. */
async function isLowEnough(drawer: Locator): Promise<boolean> {
  return drawer.evaluate((element) => {
    const box = element.getBoundingClientRect();
    const strip = document.querySelector(".script")?.getBoundingClientRect();
    const isWhole = box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
    const isBeside = strip !== undefined && box.left >= strip.right - 1;
    return isWhole && (isBeside || box.height <= 0.6 * innerHeight + 1);
  });
}

const MOST_TABS = 60;

/** What Tab reaches, from where the focus is and once around, although something lies over it. */
async function coveredInTabOrder(page: Page): Promise<string[]> {
  const covered: string[] = [];
  await page.keyboard.press("Tab");
  const first = await page.evaluateHandle(() => document.activeElement);
  for (let i = 0; i < MOST_TABS; i += 1) {
    const cover = await page.evaluate(coverOfFocus);
    if (cover !== "") covered.push(cover);
    await page.keyboard.press("Tab");
    if (await page.evaluate((element) => document.activeElement === element, first)) break;
  }
  return covered;
}

/** What has the focus, if a drawer or a dialog lies over it. */
function coverOfFocus(): string {
  const element = document.activeElement;
  if (element === null || element === document.body) return "";
  const { left, top, width, height } = element.getBoundingClientRect();
  const at = document.elementFromPoint(left + width / 2, top + height / 2);
  const over = at?.closest(".drawer, dialog") ?? null;
  return over === null || over.contains(element) ? "" : element.outerHTML.slice(0, 80);
}

test.each([
  ["a desktop", { viewport: { width: 1440, height: 900 } }],
  ["a phone", PHONE],
  ["a phone held sideways", { ...PHONE, viewport: { width: 640, height: 400 } }],
])("on %s the notice of loading comes and goes without moving anything", async (_, options) => {
  const { page } = await newPage(stage, options);
  let letModel = (): void => {};
  const held = new Promise<void>((resolve) => {
    letModel = resolve;
  });
  await page.route(/\.gguf/, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(stage.url);
  const notice = page.locator(".notice");
  await notice.getByText("Loading the model").waitFor();
  await token(page, 0).waitFor({ state: "attached" });
  const before = await places(page);
  await page.evaluate(() => {
    const moved = new Set<string>();
    new PerformanceObserver((list) => {
      for (const { sources } of list.getEntries() as unknown as Shift[]) {
        for (const { node, previousRect, currentRect } of sources) {
          const downPx = Math.abs(currentRect.top - previousRect.top);
          const asidePx = Math.abs(currentRect.left - previousRect.left);
          if (Math.max(downPx, asidePx) < 2) continue; // other words, on another fraction of a pixel
          const element = node instanceof Element ? node : (node?.parentElement ?? null);
          // Their own words change while the model comes.
          if (element?.closest(".notices, .status") === null) moved.add(element.outerHTML);
        }
      }
      document.body.dataset["moved"] = [...moved].map((html) => html.slice(0, 80)).join(" | ");
    }).observe({ type: "layout-shift" });
  });
  letModel();
  await ready(page);
  await notice.waitFor({ state: "detached" });
  expect(await places(page)).toEqual(before);
  expect((await page.locator("body").getAttribute("data-moved")) ?? "").toBe("");
  await page.context().close();
});

/** What the browser tells of a layout shift. */
interface Shift {
  readonly sources: readonly {
    readonly node: Node | null;
    readonly previousRect: DOMRectReadOnly;
    readonly currentRect: DOMRectReadOnly;
  }[];
}

/** Where the parts of the page and its tokens stand. */
async function places(page: Page): Promise<readonly (readonly [string, number, number])[]> {
  return page.evaluate(() =>
    [
      ".script",
      "#strip",
      "#strip [data-i]:last-of-type",
      ".branches, .branch-row",
      ".dist",
      ".status",
    ].map((selector) => {
      const box = document.querySelector(selector)?.getBoundingClientRect();
      return [selector, Math.round(box?.top ?? -1), Math.round(box?.left ?? -1)] as const;
    }),
  );
}
