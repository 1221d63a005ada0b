import { type ChatTemplate, FormatError, UsageError } from "@tokenscope/core";
import { expect, test } from "vitest";
import { parseChatFile, renderChat } from "../src/chat-file.ts";

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

const call = (changes: object = {}) => ({
  id: "call00001",
  type: "function",
  function: { name: "weather", arguments: '{"city": "Oslo"}', ...changes },
});
const calling = (calls: unknown) =>
  JSON.stringify({ messages: [...messages, { role: "assistant", tool_calls: calls }] });

test("calls of tools and their answers are read as OpenAI's API has them", () => {
  const answer = { role: "tool", content: "4 degrees", tool_call_id: "call00001" };
  const chat = { messages: [...messages, { role: "assistant", tool_calls: [call()] }, answer] };
  expect(parseChatFile(JSON.stringify(chat), "a.json").messages.slice(1)).toEqual([
    {
      role: "assistant",
      content: "",
      toolCalls: [{ id: "call00001", name: "weather", arguments: { city: "Oslo" } }],
    },
    { role: "tool", content: "4 degrees", toolCallId: "call00001" },
  ]);
});

test("content in parts of text is their text, as in OpenAI's API", () => {
  const parts = [
    { type: "text", text: "Hello" },
    { type: "text", text: " you" },
  ];
  const chat = parseChatFile(JSON.stringify({ messages: [{ role: "user", content: parts }] }), "a");
  expect(chat.messages).toEqual([{ role: "user", content: "Hello you" }]);
  const picture = [{ type: "image_url", image_url: { url: "x" } }];
  const wrong = JSON.stringify({ messages: [{ role: "user", content: picture }] });
  expect(() => parseChatFile(wrong, "a")).toThrow(/content must be a string, or parts of text/);
});

test("tools and calls that the model's template would not write are refused, not dropped", () => {
  const model = {
    id: "tiny",
    chatTemplate: {
      takesTools: false,
      namedRoles: [],
      refusal: () => null,
      render: () => ({ tokens: [], unknownMessages: [] }),
    },
  };
  const options = { addGenerationPrompt: true };
  const tools = [{ type: "function", function: { name: "f" } }];
  const user = [{ role: "user", content: "hi" }];
  const called = {
    role: "assistant",
    content: "",
    toolCalls: [{ id: "1", name: "f", arguments: {} }],
  };
  expect(renderChat({ messages: user, tools: [] }, model, options)).toEqual([]);
  for (const [chat, says] of [
    [{ messages: user, tools }, /"tiny" does not write tools, so .* never see the 1 given/],
    [{ messages: [...user, called] }, /never see the calls/],
  ] as const) {
    expect(() => renderChat(chat, model, options)).toThrow(UsageError);
    expect(() => renderChat(chat, model, options)).toThrow(says);
  }
});

test("a role that neither OpenAI's API nor the template names is refused, and developer is system", () => {
  const written: string[] = [];
  const render: ChatTemplate["render"] = (said) => {
    written.push(...said.map(({ role }) => role));
    return { tokens: [], unknownMessages: [] };
  };
  const chatTemplate = { takesTools: false, namedRoles: ["ipython"], refusal: () => null, render };
  const model = { id: "tiny", chatTemplate };
  const asRole = (role: string) => ({ messages: [...messages, { role, content: "beep" }] });
  const options = { addGenerationPrompt: true };
  expect(() => renderChat(asRole("robot"), model, options)).toThrow(UsageError);
  expect(() => renderChat(asRole("robot"), model, options)).toThrow(
    /messages\[1\].role is "robot", .* "tiny" does not name; give one of system, user, assistant, tool, ipython/,
  );
  renderChat(asRole("ipython"), model, options);
  renderChat(asRole("developer"), model, options);
  expect(written).toEqual(["user", "ipython", "user", "system"]);
});

test.each([
  [calling({}), /messages\[1\]\.tool_calls must be a list/],
  [calling(["x"]), /messages\[1\]\.tool_calls\[0\] must be an object such as/],
  [calling([{ ...call(), id: 1 }]), /tool_calls\[0\]\.id must be a string/],
  [calling([call({ name: 1 })]), /tool_calls\[0\]\.function\.name must be a string/],
  [calling([call({ arguments: {} })]), /function\.arguments must be JSON in a string/],
  [calling([call({ arguments: "{" })]), /function\.arguments is not JSON/],
  [calling([call({ arguments: "[]" })]), /function\.arguments must be a JSON object in a string/],
  [
    JSON.stringify({ messages: [{ role: "tool", content: "x", tool_call_id: 1 }] }),
    /messages\[0\]\.tool_call_id must be a string, the id of a call/,
  ],
])("a call in %s is refused with its place", (text, says) => {
  expect(() => parseChatFile(text, "a.json")).toThrow(says);
});
