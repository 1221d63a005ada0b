import { callExample, parseTools, type ToolDefinition } from "@tokenscope/core";
import { expect, test } from "vitest";

const weather: ToolDefinition = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather now.",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string" },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] },
        days: { type: "integer" },
      },
    },
  },
};

test("definitions are read wrapped or bare, in a list or alone", () => {
  const bare = weather.function;
  for (const value of [weather, bare, [weather], [bare]]) {
    expect(parseTools(JSON.stringify(value))).toEqual([weather]);
  }
  expect(parseTools(" \n")).toEqual([]);
});

test("what the field does not name stays for the template", () => {
  const strict = { type: "function", function: { name: "f", strict: true } };
  expect(parseTools(JSON.stringify([strict]))).toEqual([strict]);
});

test.each([
  ["[{", "the definitions is not JSON"],
  ["3", "this is 3 and must be an object"],
  ["[3]", "[0] is 3 and must be an object"],
  ['[{"nam": "f"}]', "[0].name is missing and must be 1 to 64 letters"],
  ['{"name": "a b"}', 'name is "a b" and must be 1 to 64 letters'],
  ['[{"type": "web", "function": {"name": "f"}}]', '[0].type is "web" and must be "function"'],
  ['[{"type": "function", "function": 1}]', "[0].function is 1 and must be an object"],
  ['[{"name": "f", "parameters": []}]', "[0].parameters is [] and must be an object"],
  ['[{"name": "f", "description": 1}]', "[0].description is 1 and must be a text"],
  ['[{"name": "f"}, {"name": "f"}]', 'two tools have the name "f"'],
])("%s is refused with its place", (text, words) => {
  expect(() => parseTools(text)).toThrow(words);
});

test("a call begins with every argument of the schema, of its type", () => {
  expect(JSON.parse(callExample(weather))).toEqual({
    name: "get_weather",
    arguments: { city: "", unit: "celsius", days: 0 },
  });
  expect(callExample({ type: "function", function: { name: "f" } })).toBe(
    '{"name":"f","arguments":{}}',
  );
});
