// The API's routes, assembled: /v1/models, completions, chats, /tokenize, /detokenize, /tokenizer_info. Every answer is JSON, errors too.

import { type Context, Hono, type MiddlewareHandler } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ApiModels } from "./api-models.ts";
import { answerChat } from "./chat.ts";
import { answerCompletion } from "./completions.ts";
import { readBody } from "./read-body.ts";
import { errorAnswer, RequestError } from "./request-error.ts";
import { answerDetokenize, answerTokenize, answerTokenizerInfo } from "./tokenize.ts";

export interface ApiOptions {
  readonly models: ApiModels;
  readonly maxBodyBytes: number;
  /** Seconds since 1970 when the server started. */
  readonly startedAt: number;
  readonly keyCheck: MiddlewareHandler | null;
}

type Answer = (c: Context, json: unknown, models: ApiModels) => Promise<Response>;

const POSTS: Readonly<Record<string, Answer>> = {
  "/v1/completions": answerCompletion,
  "/v1/chat/completions": answerChat,
  "/tokenize": answerTokenize,
  "/detokenize": answerDetokenize,
};
const TOKEN_PATHS = ["/tokenize", "/detokenize", "/tokenizer_info"];

/** True for the paths whose answers, errors too, are the API's. */
export function isApiPath(path: string): boolean {
  return path === "/v1" || path.startsWith("/v1/") || TOKEN_PATHS.includes(path);
}

/** The API. */
export function apiRoutes({ models, maxBodyBytes, startedAt, keyCheck }: ApiOptions): Hono {
  const routes = new Hono();
  if (keyCheck !== null) {
    for (const path of ["/v1/*", ...TOKEN_PATHS]) routes.use(path, keyCheck);
  }
  for (const [path, answer] of Object.entries(POSTS)) {
    routes.post(path, async (c) => answer(c, await readBody(c, maxBodyBytes), models));
    routes.all(path, (c) => {
      throw wrongMethod(c, "POST");
    });
  }
  const described = async (id: string) => ({
    id,
    object: "model",
    created: startedAt,
    owned_by: "tokenscope",
    max_model_len: await models.contextLengthOf(id), // as vLLM tells it
  });
  routes.get("/tokenizer_info", (c) => answerTokenizerInfo(c, models));
  routes.all("/tokenizer_info", (c) => {
    throw wrongMethod(c, "GET");
  });
  routes.get("/v1/models", async (c) =>
    c.json({ object: "list", data: await Promise.all(models.ids.map(described)) }),
  );
  routes.get("/v1/models/:id", async (c) => {
    const id = c.req.param("id");
    models.check(id);
    return c.json(await described(id));
  });
  routes.all("/v1/*", (c) => {
    if (/^\/v1\/models(\/[^/]+)?$/.test(c.req.path)) throw wrongMethod(c, "GET");
    const known = ["/v1/models", "/tokenizer_info", ...Object.keys(POSTS)].join(", ");
    throw new RequestError(`there is nothing at ${c.req.path}; there are ${known}`, {
      httpStatus: 404,
    });
  });
  return routes;
}

function wrongMethod(c: Context, allowed: string): RequestError {
  return new RequestError(`${c.req.path} does not take ${c.req.method}; send ${allowed}`, {
    httpStatus: 405,
  });
}

/** An error of the API as its answer. */
export function answerError(c: Context, error: unknown): Response {
  const { status, body } = errorAnswer(error);
  if (status === 429) c.header("retry-after", "1");
  return c.json(body, status as ContentfulStatusCode);
}
