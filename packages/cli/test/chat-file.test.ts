import { FormatError } from "@tokenscope/core";
import { expect, test } from "vitest";
import { parseChatFile } from "../src/chat-file.ts";

const messages = [{ role: "user", content: "hi" }];

test("a chat file is messages, perhaps tools, perhaps a wish for the generation prompt", () => {
  const chat = { messages, tools: [{ name: "f" }], addGenerationPrompt: false };
  expect(parseChatFile(JSON.stringify(chat), "a.json")).toEqual(chat);
  expect(parseChatFile(JSON.stringify({ messages }), "a.json")).toEqual({ messages });
});

test.each([
  ["[]", /a\.json: the file must be an object with messages/],
  ['{"messages":[]}', /messages must be a list of at least 1 message/],
  ['{"mesages":[]}', /unknown key "mesages"; allowed are messages, tools, addGenerationPrompt/],
  ['{"messages":["hi"]}', /messages\[0\] must be an object with role and content/],
  ['{"messages":[{"role":"user"}]}', /messages\[0\]\.content must be a string/],
  ['{"messages":[{"content":"x"}]}', /messages\[0\]\.role must be a string/],
  ['{"messages":[{"role":"user","content":"x","name":"y"}]}', /messages\[0\] has.*"name"/],
  [JSON.stringify({ messages, tools: {} }), /tools must be a list/],
  [JSON.stringify({ messages, addGenerationPrompt: 1 }), /addGenerationPrompt must be true or/],
  ['{\n"messages": [\n}', /a\.json is not JSON at line 3/],
  ["", /a\.json is not JSON at line 1/],
  ['{\n"messages": x\n}\n\n', /a\.json is not JSON at line 2: Unexpected token 'x'; correct/],
  ["hello\n\n\n", /a\.json is not JSON at line 1: Unexpected token 'h'; correct/],
  ['{"messages":\n[tru\n]}', /a\.json is not JSON at line 2: Unexpected token '\\n'; correct/],
  ['{"messages": [\n1,\n]\n}\n', /a\.json is not JSON at line 3/],
  ['{"messages": [{\nrole: "user"}]\n}\n', /a\.json is not JSON at line 2/],
  ['{"messages":\n\n\n', /a\.json is not JSON at line 1: Unexpected end/],
])("%s is refused with its place", (text, says) => {
  expect(() => parseChatFile(text, "a.json")).toThrow(says);
  expect(() => parseChatFile(text, "a.json")).toThrow(FormatError);
});
