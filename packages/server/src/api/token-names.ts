// How a token is written in JSON: its text, or its bytes where these are no whole characters.

import { bytesHex, pieceText, type TokenId, type Vocabulary } from "@tokenscope/core";

/** A token's name: unique within a distribution in all but odd vocabularies. */
export type TokenName = (id: TokenId) => string;

/** Names by text, half characters as OpenAI writes them ("bytes:\\xe2\\x81"); or by id as vLLM does ("token_id:504"). */
export function tokenNames(vocabulary: Vocabulary, byId: boolean): TokenName {
  if (byId) return (id) => `token_id:${id}`;
  return (id) => {
    const bytes = vocabulary.bytes(id);
    return pieceText(bytes) ?? `bytes:${bytesHex(bytes).replace(/../g, "\\x$&")}`;
  };
}
