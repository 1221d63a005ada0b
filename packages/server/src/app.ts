// The routes, assembled. Knows no port.

import { EngineError, UsageError } from "@tokenscope/core";
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { withHeaders } from "./headers.ts";
import { hostCheck } from "./host-check.ts";
import { modelRoutes, type ServedModel } from "./model-files.ts";
import { addPageFiles } from "./page-files.ts";

export interface AppOptions {
  readonly host: string;
  readonly pageDir: string;
  readonly models: readonly ServedModel[];
  readonly allowHosts: readonly string[];
}

/** Everything the server answers. */
export function buildApp({ host, pageDir, models, allowHosts }: AppOptions): Hono {
  const app = new Hono();
  app.use(withHeaders, hostCheck(host, allowHosts));
  app.get("/healthz", (c) => c.json({ status: "ok", models: models.map(({ id }) => id) }));
  app.route("/", modelRoutes(models));
  addPageFiles(app, pageDir);
  app.notFound((c) => c.text(`there is nothing at ${c.req.path}; the page is at /`, 404));
  app.onError((error, c) => {
    const isKnown = error instanceof UsageError || error instanceof EngineError;
    const status = error instanceof UsageError ? error.httpStatus : 500;
    return c.text(isKnown ? error.message : "internal error", status as ContentfulStatusCode);
  });
  return app;
}
