// POST /tokenize and /detokenize, GET /tokenizer_info, in vLLM's shapes.

import { decodeTokens, type TokenId, tokenId, type Vocabulary } from "@tokenscope/core";
import type { Context } from "hono";
import type { ApiModels, ReadyModel } from "./api-models.ts";
import { chatIds, promptIds } from "./prompts.ts";
import { RequestError } from "./request-error.ts";
import { parseDetokenize, parseTokenize, type TokenizeBody } from "./request-fields.ts";
import { tokenNames } from "./token-names.ts";

/** Answers a body of /tokenize: {count, max_model_len, tokens, token_strs}. */
export async function answerTokenize(
  c: Context,
  json: unknown,
  models: ApiModels,
): Promise<Response> {
  const body = parseTokenize(json);
  const model = await models.ready(body.model);
  const tokens = idsOf(body, model);
  const name = tokenNames(model.tokenizer.vocabulary, false);
  return c.json({
    count: tokens.length,
    max_model_len: model.engine.contextLength,
    tokens,
    token_strs: body.return_token_strs ? tokens.map(name) : null,
  });
}

function idsOf(body: TokenizeBody, model: ReadyModel) {
  const { prompt, messages } = body;
  if (messages !== undefined && prompt === undefined) return chatIds({ ...body, messages }, model);
  if (prompt !== undefined && messages === undefined) {
    return promptIds(prompt, model, body.add_special_tokens ?? true);
  }
  const given = prompt === undefined ? "neither prompt nor messages" : "both prompt and messages";
  throw new RequestError(`the body has ${given}; give one of them`, { param: "prompt" });
}

/** What evaluation harnesses ask before they send token ids: the tokens that end and start a text; and, as vLLM has them, the special ones. */
export async function answerTokenizerInfo(c: Context, models: ApiModels): Promise<Response> {
  const { tokenizer, engine } = await models.ready(c.req.query("model"));
  const { vocabulary, endTokenIds, startTokenId } = tokenizer;
  const written = (id: TokenId | null | undefined) =>
    id === null || id === undefined ? null : decodeTokens([vocabulary.bytes(id)]);
  return c.json({
    tokenizer_class: tokenizer.name,
    vocab_size: vocabulary.size,
    model_max_length: engine.contextLength,
    eos_token: written(endTokenIds[0]),
    bos_token: written(startTokenId),
    added_tokens_decoder: Object.fromEntries(
      specialIds(vocabulary).map((id) => [id, { content: written(id), special: true }]),
    ),
  });
}

function specialIds(vocabulary: Vocabulary): readonly TokenId[] {
  const all = Array.from({ length: vocabulary.size }, (_, id) => tokenId(id));
  return all.filter((id) => vocabulary.isSpecial(id));
}

/** Answers a body of /detokenize: {prompt}. */
export async function answerDetokenize(
  c: Context,
  json: unknown,
  models: ApiModels,
): Promise<Response> {
  const body = parseDetokenize(json);
  const { vocabulary } = (await models.ready(body.model)).tokenizer;
  const unknown = body.tokens.findIndex((id) => id >= vocabulary.size);
  if (unknown >= 0) {
    throw new RequestError(
      `tokens[${unknown}] is ${body.tokens[unknown]}, which is not in this model's vocabulary of ${vocabulary.size}; give ids from 0 to ${vocabulary.size - 1}`,
      { param: "tokens" },
    );
  }
  return c.json({ prompt: decodeTokens(body.tokens.map((id) => vocabulary.bytes(tokenId(id)))) });
}
