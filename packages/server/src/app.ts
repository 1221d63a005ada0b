// The routes, assembled. Knows no port.

import { EngineError, UsageError } from "@tokenscope/core";
import type { Endpoint } from "@tokenscope/remote";
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ApiModels } from "./api/api-models.ts";
import { answerError, apiRoutes, isApiPath } from "./api/routes.ts";
import { callRoutes } from "./calls/call-routes.ts";
import { headersFor } from "./headers.ts";
import { hostCheck } from "./host-check.ts";
import { keyCheck } from "./key-check.ts";
import { modelRoutes, type ServedModel } from "./model-files.ts";
import { originCheck } from "./origin-check.ts";
import { addPageFiles } from "./page-files.ts";
import { isRemotePath, remoteRoutes } from "./remote/remote-routes.ts";

export interface AppOptions {
  readonly host: string;
  readonly pageDir: string;
  readonly models: readonly ServedModel[];
  readonly api: ApiModels;
  readonly allowHosts: readonly string[];
  /** Origins that the page may fetch models from, beside its own. */
  readonly connectTo: readonly string[];
  /** Another server whose models the page may ask through this one; null where none. */
  readonly remote: Endpoint | null;
  /** What clients of the API must send as their bearer token; null where nothing is asked. */
  readonly apiKey: string | null;
  readonly maxBodyBytes: number;
  /** Seconds since 1970 when the server started. */
  readonly startedAt: number;
}

/** Everything the server answers. */
export function buildApp(options: AppOptions): Hono {
  const { host, pageDir, models, api, allowHosts, apiKey } = options;
  const app = new Hono();
  app.use(headersFor(options.connectTo), hostCheck(host, allowHosts), originCheck(allowHosts));
  app.get("/healthz", (c) =>
    c.json({ status: "ok", models: models.map(({ id }) => id), engines: api.status }),
  );
  app.route(
    "/",
    apiRoutes({ ...options, models: api, keyCheck: apiKey === null ? null : keyCheck(apiKey) }),
  );
  const answers = apiKey === null ? api.ids : []; // where a key is asked for, the page computes for itself
  if (answers.length > 0) app.route("/", callRoutes({ ...options, models: api }));
  const remote = apiKey === null ? options.remote : null; // nor are others' models asked for whom nobody knows
  if (remote !== null) app.route("/", remoteRoutes({ ...options, endpoint: remote }));
  app.route("/", modelRoutes(models, { answering: answers, hasRemote: remote !== null }));
  addPageFiles(app, pageDir);
  app.notFound((c) => c.text(`there is nothing at ${c.req.path}; the page is at /`, 404));
  app.onError((error, c) => {
    const { path } = c.req;
    return isApiPath(path) || isRemotePath(path) ? answerError(c, error) : answerText(c, error);
  });
  return app;
}

function answerText(c: Context, error: Error): Response {
  const isKnown = error instanceof UsageError || error instanceof EngineError;
  const status = error instanceof UsageError ? error.httpStatus : 500;
  return c.text(isKnown ? error.message : "internal error", status as ContentfulStatusCode);
}
