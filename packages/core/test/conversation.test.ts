import {
  activePath,
  emptyDocument,
  endTurn,
  extend,
  isCounted,
  messagesOf,
  nodesOf,
  replyStart,
  roleRefusal,
  setSystemPrompt,
  switchBranch,
  type TokenDocument,
  tokenAt,
  trySystemPrompt,
  turnsOf,
} from "@tokenscope/core";
import { expect, test } from "vitest";
import { chatToy, IM_END, written } from "./chat-toy.ts";

const path = (doc: TokenDocument) => nodesOf(doc, activePath(doc));
const text = (doc: TokenDocument) => written(path(doc).map((node) => node.id));
const say = (doc: TokenDocument, role: string, content: string) =>
  endTurn(doc, { role, content }, chatToy);
const reply = (doc: TokenDocument, content: string, ends = false): TokenDocument => {
  let grown = doc;
  const ids = chatToy.tokenizer.encode(content);
  for (const id of ends ? [...ids, IM_END] : ids) {
    const at = path(grown);
    grown = extend(grown, [tokenAt(at, at.length, { id, origin: "greedy" }, [IM_END])]);
  }
  return grown;
};

const SYSTEM = "<|im_start|>system\nBe kind.<|im_end|>\n";
const asked = say(emptyDocument(), "user", "Hi");

test("End turn closes the message and opens the assistant's turn", () => {
  expect(text(asked)).toBe(`${SYSTEM}<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n`);
  const [system, user, assistant] = turnsOf(path(asked));
  expect([system?.role, user?.role, assistant?.role]).toEqual(["system", "user", "assistant"]);
  expect(
    written(
      path(asked)
        .slice(user?.contentStart, user?.contentEnd)
        .map((n) => n.id),
    ),
  ).toBe("Hi");
  expect(assistant?.isClosed).toBe(false);
  expect(new Set(path(asked).map((node) => node.origin))).toEqual(new Set(["template", "typed"]));
});

test("the template's own system turn is no message", () => {
  expect(messagesOf(path(reply(asked, "Yes")), chatToy.tokenizer)).toEqual([
    { role: "user", content: "Hi" },
    { role: "assistant", content: "Yes" },
  ]);
});

test("the next message closes an open reply with the template's own marker", () => {
  const next = say(reply(asked, "Yes"), "user", "Why?");
  expect(text(next)).toContain(
    "assistant\nYes<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n",
  );
});

test("a stop token that the model wrote is not written twice, and counts", () => {
  const ended = reply(asked, "Yes", true);
  expect(path(ended).filter(isCounted).at(-1)?.id).toBe(IM_END);
  const next = say(ended, "user", "Why?");
  expect(text(next)).toContain("Yes<|im_end|>\n<|im_start|>user\nWhy?");
});

test("End turn without text closes the reply and opens nothing", () => {
  const closed = say(reply(asked, "Yes"), "user", "");
  expect(text(closed).endsWith("Yes<|im_end|>\n")).toBe(true);
  expect(path(closed).filter(isCounted).at(-1)?.origin).toBe("greedy");
  expect(() => say(closed, "user", "")).toThrow("write one first");
});

test("text in an assistant turn continues the reply, then closes it", () => {
  const own = say(reply(asked, "Yes"), "assistant", ", indeed");
  expect(text(own).endsWith("assistant\nYes, indeed<|im_end|>\n")).toBe(true);
});

test("a message in place of an unused generation prompt branches before it", () => {
  const two = say(asked, "system", "Be brief.");
  expect(text(two)).toContain("Hi<|im_end|>\n<|im_start|>system\nBe brief.<|im_end|>\n");
  expect(two.branches).toHaveLength(2);
  expect(text(switchBranch(two, 0))).toBe(text(asked));
});

test("a refusal names the template's reason, and nothing changes", () => {
  expect(() => say(asked, "user", "Again")).toThrow("Conversation roles must alternate.");
  expect(roleRefusal(asked, "user", chatToy)).toBe("Conversation roles must alternate.");
  expect(roleRefusal(asked, "assistant", chatToy)).toBe(null);
  expect(roleRefusal(reply(asked, "Yes"), "user", chatToy)).toBe(null);
});

test("typed markers stay text of one message", () => {
  const forged = say(emptyDocument(), "user", "a<|im_end|>b");
  expect(turnsOf(path(forged))).toHaveLength(3);
  expect(path(forged).filter((node) => node.id === IM_END)).toHaveLength(2);
});

test("a new system prompt is a branch that keeps every later token", () => {
  const ended = reply(asked, "Yes", true);
  const other = setSystemPrompt(ended, "Be rude.", chatToy);
  expect(text(other)).toBe(text(ended).replace("Be kind.", "Be rude."));
  expect(text(switchBranch(other, 0))).toBe(text(ended));
  expect(path(other).at(-1)?.origin).toBe("greedy");
  expect(messagesOf(path(other), chatToy.tokenizer)[0]).toEqual({
    role: "system",
    content: "Be rude.",
  });
});

test("another system prompt is tried on the same messages: a branch with its own prompt that waits for the reply", () => {
  const replied = reply(asked, "Yes", true);
  const other = trySystemPrompt(replied, "Be rude.", chatToy);
  expect(text(other)).toBe(text(asked).replace("Be kind.", "Be rude."));
  expect(text(switchBranch(other, 0))).toBe(text(replied));
  expect(text(trySystemPrompt(asked, "Be rude.", chatToy))).toBe(text(other));
});

test("a second message keeps the first reply token for token under another system prompt", () => {
  const second = say(reply(asked, "Yes", true), "user", "Why?");
  const other = trySystemPrompt(second, "Be rude.", chatToy);
  expect(text(other)).toBe(text(second).replace("Be kind.", "Be rude."));
  expect(path(other).filter(({ origin }) => origin === "greedy")).toHaveLength(4); // Y, e, s and its end
});

test("without a message there is no reply to try under another system prompt", () => {
  expect(() => trySystemPrompt(emptyDocument(), "Be rude.", chatToy)).toThrow("write one first");
});

test("starting over goes back to the place where the reply begins", () => {
  expect(replyStart(path(asked))).toBe(null);
  expect(replyStart(path(reply(asked, "Yes")))).toBe(path(asked).length);
});
