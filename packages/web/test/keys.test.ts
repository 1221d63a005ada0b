import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import {
  branchKey,
  compareKey,
  isDeeperKey,
  type KeyPress,
  searchKey,
  wideKey,
  writingKey,
} from "../src/components/key-press.ts";
import { listVerb } from "../src/components/list-keys.ts";
import { pageAction } from "../src/components/page-keys.ts";
import {
  stepInChart,
  stepInList,
  stepInMenu,
  stepInRow,
  stepInTabs,
} from "../src/components/steps.ts";
import { stripTarget, stripVerb } from "../src/components/strip-keys.ts";
import { surpriseAction } from "../src/components/surprise-keys.ts";
import { KEY_MAP } from "../src/views/keys.ts";
import { openPage, type Page } from "./store-model.ts";

type Handles = (press: KeyPress) => boolean;

let page: Page;
beforeAll(async () => {
  page = await openPage("ab"); // a conversation: some keys mean nothing without one
});

const NAMES: Readonly<Record<string, string>> = {
  "←": "ArrowLeft",
  "→": "ArrowRight",
  "↑": "ArrowUp",
  "↓": "ArrowDown",
  "⌫": "Backspace",
  Esc: "Escape",
  Del: "Delete",
  Space: " ",
  PgUp: "PageUp",
  PgDn: "PageDown",
};
const NAMED = [
  ...["Enter", "Escape", "Backspace", "Delete", "Insert", "Tab", "Home", "End", " "],
  ...["PageUp", "PageDown", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
  ...Array.from({ length: 12 }, (_, i) => `F${i + 1}`),
];
const PRINTED = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter(
  (key) => !/[A-Z]/.test(key), // Caps Lock may be on: a capital is its letter
);
const HELD = ["", "Shift+", "Ctrl+", "Ctrl+Shift+", "Alt+"] as const;
const PRESSES = HELD.flatMap((held) => [...NAMED, ...PRINTED].map((key) => held + key));

/** Example: "Ctrl+Shift+z" -> the letter z with both held. */
function pressOf(name: string): KeyPress {
  const held = HELD.findLast((each) => name.startsWith(each)) ?? "";
  return {
    key: name.slice(held.length),
    ctrlKey: held.includes("Ctrl"),
    shiftKey: held.includes("Shift"),
    altKey: held.includes("Alt"),
    metaKey: false,
  };
}

/** The presses of one line. Example: "X Shift+⌫" -> x, Shift+Backspace. `before` are those of the lines above it. */
function pressesOf(keys: string, before: readonly string[]): readonly string[] {
  if (keys === "1 to 9") return Array.from({ length: 9 }, (_, i) => String(i + 1));
  if (keys === "Shift + these") {
    return before.map((name) =>
      name.startsWith("Ctrl+") ? `Ctrl+Shift+${name.slice(5)}` : `Shift+${name}`,
    );
  }
  return keys.split(" ").map((name) => {
    const held = HELD.findLast((each) => each !== "" && name.startsWith(each)) ?? "";
    const key = name.slice(held.length);
    return held + (NAMES[key] ?? (/^[A-Z]$/.test(key) ? key.toLowerCase() : key));
  });
}

function listed(places: readonly string[]): readonly string[] {
  const presses = KEY_MAP.filter(({ place }) => places.includes(place)).flatMap(({ lines }) => {
    const before: string[] = [];
    for (const { keys } of lines) before.push(...pressesOf(keys, before));
    return before;
  });
  return [...new Set(presses)].sort();
}

/** What a place handles, but a press with Shift that the key alone is handled as well. */
function handled(handles: Handles, shown: readonly string[]): readonly string[] {
  return PRESSES.filter((name) => handles(pressOf(name)))
    .filter((name) => shown.includes(name) || !isShiftIdle(name, handles))
    .sort();
}

function isShiftIdle(name: string, handles: Handles): boolean {
  return name.includes("Shift+") && handles(pressOf(name.replace("Shift+", "")));
}

const steps = [stepInList, stepInRow, stepInMenu, stepInTabs, stepInChart];
const isStep: Handles = ({ key }) => steps.some((step) => step(key, { at: 1, last: 2 }) !== null);
const isShared: Handles = (press) => pageAction(press, page.store) !== null;

const LETTERS = [
  "In the strip and in the candidates: to write",
  "In the strip and in the candidates: to look",
];

/** What a place handles, as its component asks; `places` are its groups in the dialog. */
const PLACES: readonly { readonly places: readonly string[]; readonly handles: Handles }[] = [
  { places: ["Anywhere"], handles: (press) => wideKey(press) !== null },
  { places: ["In the message"], handles: (press) => writingKey(press) !== null },
  {
    places: ["In the strip", ...LETTERS],
    handles: (press) =>
      stripVerb(press) !== null ||
      isShared(press) ||
      stripTarget(press, { position: 1, last: 3, turn: undefined }, () => []) !== null,
  },
  {
    places: ["In the candidates", ...LETTERS],
    handles: (press) =>
      listVerb(press) !== null ||
      isShared(press) ||
      (isPlainHeld(press) && stepInList(press.key, { at: 1, last: 2 }) !== null),
  },
  { places: ["In Find any token"], handles: (press) => searchKey(press) !== null },
  { places: ["In the branches"], handles: (press) => branchKey(press) !== null },
  {
    places: ["In a drawer"],
    handles: (press) =>
      compareKey(press) !== null ||
      surpriseAction(press, page.state()) !== null ||
      isDeeperKey(press) ||
      writingKey(press) !== null,
  },
  {
    places: ["In a chart, a list, a menu, tabs"],
    handles: (press) =>
      isPlainHeld(press) && (isStep(press) || ["Enter", "Escape"].includes(press.key)),
  },
];

function isPlainHeld({ ctrlKey, altKey }: KeyPress): boolean {
  return !ctrlKey && !altKey;
}

test.each(PLACES)(
  "every key of $places.0 is in the dialog, and every key of the dialog acts there",
  ({ places, handles }) => {
    const shown = listed(places);
    expect(handled(handles, shown)).toEqual(shown);
  },
);

test("every group of the dialog is asked for its keys", () => {
  const asked = new Set(PLACES.flatMap(({ places }) => places));
  expect(KEY_MAP.map(({ place }) => place).filter((place) => !asked.has(place))).toEqual([]);
});

test("a component that listens to keys asks the functions that are tested here", () => {
  const src = fileURLToPath(new URL("../src", import.meta.url));
  const own = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => {
    if (!name.endsWith(".tsx")) return false;
    const text = readFileSync(join(src, name), "utf8");
    return /onKeyDown|"keydown"/.test(text) && !/-keys\.ts"|key-press\.ts"|steps\.ts"/.test(text);
  });
  // Escape of a frame, Enter of a field: keys that the dialog has under "In a drawer" and "In a chart, a list, a menu, tabs".
  expect(own.map((name) => name.split(/[\\/]/).at(-1)).sort()).toEqual([
    "BranchName.tsx",
    "Drawer.tsx",
    "LabGuide.tsx",
    "OpenFileDialog.tsx",
  ]);
});

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

test("no group of keys is longer than half of them: columns can be balanced", () => {
  const all = KEY_MAP.reduce((sum, { lines }) => sum + lines.length, 0);
  for (const { lines } of KEY_MAP) expect(lines.length).toBeLessThan(all / 2);
});

/** The place of a group, whichever part of it. Example: "In the strip: to look" -> "In the strip". */
function placeOf({ place }: (typeof KEY_MAP)[number]): string {
  return place.split(":")[0] ?? place;
}
