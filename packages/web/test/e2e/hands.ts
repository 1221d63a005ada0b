// Three ways to do the same things: a mouse, the keyboard alone, and a finger on a phone.

import type { Page } from "playwright-core";
import { button, candidates, shown, token } from "./browser.ts";

/** What a student does in the lab. */
export interface Hand {
  newConversation(): Promise<void>;
  /** Writes a message in a role and ends the turn. */
  write(text: string, role?: string): Promise<void>;
  /** Takes the n-th candidate, from 1. */
  choose(rank: number): Promise<void>;
  /** Finds a token by its text and takes the first that is found. */
  force(query: string): Promise<void>;
  show(position: number): Promise<void>;
  select(from: number, to: number): Promise<void>;
  generate(): Promise<void>;
  startOver(): Promise<void>;
  cut(): Promise<void>;
  undo(): Promise<void>;
  /** Goes to the branch above or below in the map. */
  nextBranch(): Promise<void>;
  /** Brings the sum of a span into view. */
  openSpan(): Promise<void>;
}

/** Waits until the list answers this query. */
async function searched(page: Page): Promise<void> {
  await page.getByText("the most likely first").waitFor();
}

export function mouse(page: Page): Hand {
  return {
    newConversation: () => button(page, "New conversation").click(),
    async write(text, role = "user") {
      await page.getByLabel("Role").selectOption(role);
      await page.getByLabel("Message").fill(text);
      await button(page, /^End turn/).click();
    },
    choose: (rank) =>
      candidates(page)
        .nth(rank - 1)
        .click(),
    async force(query) {
      await page.getByRole("searchbox").fill(query);
      await searched(page);
      await candidates(page).first().click();
    },
    show: (position) => token(page, position).click(),
    async select(from, to) {
      await token(page, from).hover();
      await page.mouse.down();
      await token(page, to).hover();
      await page.mouse.up();
    },
    generate: () => button(page, "Generate response").click(),
    startOver: () => button(page, "Start over").click(),
    cut: () => button(page, /^Delete/).click(),
    undo: () => button(page, "Undo").click(),
    async nextBranch() {
      const radios = page.getByRole("radio");
      const checked = await radios.evaluateAll((all) =>
        all.findIndex((radio) => radio.getAttribute("aria-checked") === "true"),
      );
      await radios.nth((checked + 1) % (await radios.count())).click();
    },
    openSpan: async () => {},
  };
}

/** No click and no pointer at all: Tab finds every part, as it must. */
export function keyboard(page: Page): Hand {
  const { keyboard: keys } = page;
  const tabTo = async (selector: string): Promise<void> => {
    for (let i = 0; i < 80; i += 1) {
      if (await page.evaluate((s) => document.activeElement?.matches(s) === true, selector)) return;
      await keys.press("Tab");
    }
    throw new Error(`Tab never reaches ${selector}`);
  };
  const strip = () => tabTo("#strip [tabindex='0']");
  const press = async (name: string): Promise<void> => {
    const named = `button[data-test-name="${name}"]`;
    await page.getByRole("button", { name }).evaluate((element, value) => {
      element.setAttribute("data-test-name", value);
    }, name);
    await tabTo(named);
    await keys.press("Enter");
  };
  return {
    newConversation: () => press("New conversation"),
    async write(text, role = "user") {
      await tabTo("[aria-label=Role]");
      await keys.type(role);
      await tabTo("#message");
      await keys.type(text);
      await keys.press("Control+Enter");
    },
    async choose(rank) {
      await strip();
      if (rank < 10 && rank % 2 === 0) {
        await keys.press(String(rank));
        return;
      }
      await keys.press("Enter");
      await keys.press("Home");
      for (let i = 1; i < rank; i += 1) await keys.press("ArrowDown");
      await keys.press("Enter");
    },
    async force(query) {
      await strip();
      await keys.press("/");
      await keys.type(query);
      await searched(page);
      await keys.press("Enter"); // to the list
      await keys.press("Enter");
    },
    async show(position) {
      await strip();
      const at = Number(await shown(page).getAttribute("data-i"));
      const key = position < at ? "ArrowLeft" : "ArrowRight";
      for (let i = 0; i < Math.abs(position - at); i += 1) await keys.press(key);
    },
    async select(from, to) {
      await this.show(from);
      for (let i = from; i < to; i += 1) await keys.press("Shift+ArrowRight");
    },
    async generate() {
      await strip();
      await keys.press("g");
    },
    startOver: () => press("Start over"),
    async cut() {
      await strip();
      await keys.press("Backspace");
    },
    async undo() {
      await strip();
      await keys.press("Control+z");
    },
    async nextBranch() {
      await strip();
      await keys.press("]");
    },
    openSpan: async () => {},
  };
}

const LONG_PRESS_MS = 600;

export function finger(page: Page): Hand {
  const tab = (name: string) => page.getByRole("tab", { name }).tap();
  return {
    newConversation: () => button(page, "New conversation").tap(),
    async write(text, role = "user") {
      await tab("Write");
      await page.getByLabel("Role").selectOption(role);
      await page.getByLabel("Message").fill(text);
      await button(page, /^End turn/).tap();
    },
    async choose(rank) {
      await tab("Next token");
      await candidates(page)
        .nth(rank - 1)
        .tap();
    },
    async force(query) {
      await tab("Next token");
      await page.getByRole("searchbox").fill(query);
      await searched(page);
      await candidates(page).first().tap();
    },
    show: (position) => token(page, position).tap(),
    async select(from, to) {
      const box = await token(page, from).boundingBox();
      if (box === null) throw new Error(`token ${from} is not on screen`);
      const point = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      const session = await page.context().newCDPSession(page);
      await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [point] });
      await page.waitForTimeout(LONG_PRESS_MS);
      await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
      await token(page, to).tap();
    },
    generate: () => button(page, "Generate").tap(),
    async startOver() {
      await tab("Write");
      await button(page, "Start over").tap();
    },
    async cut() {
      await tab("Write");
      await button(page, /^Delete/).tap();
    },
    undo: () => button(page, "Undo").last().tap(),
    async nextBranch() {
      await page.getByRole("button", { name: /^Branch / }).tap();
      const radios = page.getByRole("radio");
      const checked = await radios.evaluateAll((all) =>
        all.findIndex((radio) => radio.getAttribute("aria-checked") === "true"),
      );
      await radios.nth((checked + 1) % (await radios.count())).tap();
    },
    openSpan: () => tab("Span"),
  };
}
