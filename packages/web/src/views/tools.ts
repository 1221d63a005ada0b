// What is said of the conversation's tools, and examples of definitions.

import { branchOf, parseTools, type TokenDocument, UsageError } from "@tokenscope/core";
import type { AppState } from "../store/state.ts";

interface ToolExample {
  readonly name: string;
  readonly tools: readonly unknown[];
}

/** Definitions to begin with, each a list that the dialog writes into its field. */
export const TOOL_EXAMPLES: readonly ToolExample[] = [
  {
    name: "weather",
    tools: [
      {
        name: "get_weather",
        description: "The weather at a place now.",
        parameters: {
          type: "object",
          properties: {
            city: { type: "string", description: "The city and the country." },
            unit: { type: "string", enum: ["celsius", "fahrenheit"] },
          },
          required: ["city"],
        },
      },
    ],
  },
  {
    name: "database",
    tools: [
      {
        name: "query_database",
        description: "Runs one read-only SQL query and returns its rows.",
        parameters: {
          type: "object",
          properties: {
            sql: { type: "string", description: "A SELECT statement." },
            limit: { type: "integer", description: "The most rows to return." },
          },
          required: ["sql"],
        },
      },
    ],
  },
];

/** The button's word. Examples: "Tools", "Tools 2". */
export function toolsWord(doc: TokenDocument): string {
  const { length } = parseTools(branchOf(doc).tools ?? "");
  return length === 0 ? "Tools" : `Tools ${length}`;
}

/** The definitions of the active branch as they stand in the field; empty where there are none. */
export function toolsText(doc: TokenDocument): string {
  const tools = parseTools(branchOf(doc).tools ?? "");
  return tools.length === 0 ? "" : indented(tools.map((tool) => tool.function));
}

/** JSON as a person reads it. */
export function indented(tools: readonly unknown[]): string {
  return JSON.stringify(tools, null, 2);
}

/** Why tools cannot be defined here, in a sentence; null where they can. */
export function toolsRefusal({ model }: Pick<AppState, "model">): string | null {
  if (model.kind !== "ready")
    return "Tools are written by the model's chat template: they need the model.";
  const { label, hasTemplate, takesTools } = model.loaded;
  if (takesTools) return null;
  if (!hasTemplate) return `${label} is a base model without a chat template: it knows no tools.`;
  return `The chat template of ${label} does not write tools: whatever is defined, the model would never see it. Templates of Qwen 2.5 and 3, Llama 3.1 and later, and Mistral Nemo write them; open a GGUF file of such a model.`;
}

interface ToolsCheck {
  readonly isFine: boolean;
  readonly words: string;
}

/** What the text in the field says. Examples: "2 tools: get_weather, query_database"; "[0].name is 3 and must be ...". */
export function toolsCheck(text: string): ToolsCheck {
  try {
    const names = parseTools(text).map((tool) => tool.function.name);
    if (names.length === 0) return { isFine: true, words: "no tools" };
    const count = names.length === 1 ? "1 tool" : `${names.length} tools`;
    return { isFine: true, words: `${count}: ${names.join(", ")}` };
  } catch (error) {
    if (error instanceof UsageError) return { isFine: false, words: error.message };
    throw error;
  }
}
