// A paced host answers as its host does, and between two parts it hears others and those who go.

import { createSessionHost, type SessionHost } from "@tokenscope/calls";
import { emptyDocument, plainTemplate, type TokenId } from "@tokenscope/core";
import { openToyEngine, toyTokenizer } from "@tokenscope/core/contracts";
import { expect, test } from "vitest";
import { pacedHost } from "../src/calls/paced-host.ts";

const engine = openToyEngine();
const host = createSessionHost({
  engine,
  tokenizer: toyTokenizer,
  template: plainTemplate(toyTokenizer),
});
const NEVER = new AbortController().signal;
const doc = emptyDocument();
const id = toyTokenizer.encode("a")[0] as TokenId;
const vector = (fill: number): Float32Array => new Float32Array(engine.hiddenWidth).fill(fill);
const settings = { temperature: 1, topK: 0, topP: 1, minP: 0 };
const view = { contextVector: vector(0.1), settings, draw: 0.5, top: 5, pinned: [] };

function ignore(): void {}

test("answers are the host's", async () => {
  const paced = pacedHost(host);
  const contextVectors = Array.from({ length: 150 }, (_, i) => vector(i / 150));
  const scoreAt = (each: SessionHost) => each.scoreAt({ contextVectors, id }, ignore, NEVER);
  expect(await scoreAt(paced)).toEqual(await scoreAt(host));
  const roles = ["user", "__proto__", "user"];
  const refusals = (each: SessionHost) => each.refusals({ doc, roles }, ignore, NEVER);
  expect(await refusals(paced)).toEqual(await refusals(host));
  const shown = (each: SessionHost) => each.settingsView(view, ignore, NEVER);
  expect(await shown(paced)).toEqual(await shown(host));
});

test.each<[string, (paced: SessionHost, signal: AbortSignal) => Promise<unknown>]>([
  [
    "roles",
    (paced, signal) =>
      paced.refusals({ doc, roles: Array.from({ length: 16 }, String) }, ignore, signal),
  ],
  [
    "context vectors",
    (paced, signal) =>
      paced.scoreAt({ contextVectors: new Array(16 * 64).fill(vector(0)), id }, ignore, signal),
  ],
  [
    "views",
    (paced, signal) =>
      Promise.all(Array.from({ length: 16 }, () => paced.settingsView(view, ignore, signal))),
  ],
  [
    "searches",
    (paced, signal) =>
      Promise.all(
        Array.from({ length: 16 }, () =>
          paced.search({ contextVector: vector(0), query: "a", limit: 1 }, ignore, signal),
        ),
      ),
  ],
  [
    "logits",
    (paced, signal) =>
      Promise.all(
        Array.from({ length: 16 }, () =>
          paced.logits({ contextVector: vector(0) }, ignore, signal),
        ),
      ),
  ],
])("between %s others are heard, and a page that goes ends them", async (_what, ask) => {
  let parts = 0;
  const counted = Object.fromEntries(
    Object.entries(host).map(([kind, handler]) => [
      kind,
      (...args: unknown[]) => {
        parts += 1;
        return (handler as (...all: unknown[]) => Promise<unknown>)(...args);
      },
    ]),
  ) as unknown as SessionHost;
  const leaving = new AbortController();
  const heardAt: number[] = [];
  const others = (): void => {
    heardAt.push(parts);
    if (parts >= 3) leaving.abort(new Error("gone"));
    else setImmediate(others);
  };
  setImmediate(others);
  await expect(ask(pacedHost(counted), leaving.signal)).rejects.toThrow("gone");
  expect(heardAt.at(-1)).toBeLessThanOrEqual(4);
  expect(parts).toBeLessThanOrEqual(4);
});
