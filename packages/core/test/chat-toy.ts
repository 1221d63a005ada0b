// A ChatML template over bytes, for tests: 256 byte tokens, then the two markers. Like SmolLM2's, it writes a system turn where none is given.

import {
  type ChatFormat,
  type ChatMessage,
  type RenderedToken,
  type TokenId,
  type Tokenizer,
  type TurnPart,
  tokenId,
  UsageError,
} from "@tokenscope/core";

const IM_START = tokenId(256);
export const IM_END = tokenId(257);
const NAMES = ["<|im_start|>", "<|im_end|>"];
const DEFAULT_SYSTEM = "Be kind.";

const tokenizer: Tokenizer = {
  name: "bytes",
  vocabulary: {
    size: 258,
    bytes: (id) => (id < 256 ? Uint8Array.of(id) : new TextEncoder().encode(NAMES[id - 256] ?? "")),
    isSpecial: (id) => id >= 256,
  },
  startTokenId: null,
  endTokenIds: [IM_END],
  encode: (text) => Array.from(new TextEncoder().encode(text), tokenId),
};

type Place = Omit<RenderedToken, "id" | "part">;

function turnTokens(content: string, place: Place): RenderedToken[] {
  const mark = (part: TurnPart) => (id: TokenId) => ({ ...place, id, part });
  return [
    ...openTokens(place),
    ...tokenizer.encode(content).map(mark("content")),
    ...[IM_END, ...tokenizer.encode("\n")].map(mark("close")),
  ];
}

function openTokens(place: Place): RenderedToken[] {
  const ids = [IM_START, ...tokenizer.encode(`${place.role}\n`)];
  return ids.map((id) => ({ ...place, id, part: "open" }));
}

/** ChatML over bytes; refuses two user messages in a row, as some real templates do. */
export const chatToy: ChatFormat = {
  tokenizer,
  template: {
    takesTools: false,
    namedRoles: [],
    render(messages, { addGenerationPrompt }) {
      const reason = refusalOf(messages);
      if (reason !== null) throw new UsageError(reason);
      const hasSystem = messages[0]?.role === "system";
      const shift = hasSystem ? 0 : 1;
      const system = { turn: 0, role: "system", message: null };
      const tokens = [
        ...(hasSystem ? [] : turnTokens(DEFAULT_SYSTEM, system)),
        ...messages.flatMap(({ role, content }, message) =>
          turnTokens(content, { role, turn: message + shift, message }),
        ),
      ];
      const prompt = { turn: messages.length + shift, role: "assistant", message: null };
      if (addGenerationPrompt) tokens.push(...openTokens(prompt));
      return { tokens, unknownMessages: [] };
    },
    refusal: (messages) => refusalOf(messages),
  },
};

function refusalOf(messages: readonly ChatMessage[]): string | null {
  const isRefused = messages.some((m, i) => m.role === "user" && messages[i - 1]?.role === "user");
  return isRefused ? "Conversation roles must alternate." : null;
}

/** The text of token ids, markers by their names. */
export function written(ids: readonly TokenId[]): string {
  return ids.map((id) => new TextDecoder().decode(tokenizer.vocabulary.bytes(id))).join("");
}
