// The built page: compressed beforehand where a browser takes that, cached for good where the name carries a hash.

import { serveStatic } from "@hono/node-server/serve-static";
import type { Hono, MiddlewareHandler } from "hono";

const HASHED = /^\/assets\/.+-[\w-]{8,}\.\w+$/; // as Vite names them

/** Serves the files of `pageDir` on every path that no other route took. */
export function addPageFiles(app: Hono, pageDir: string): void {
  app.use("*", cacheControl, serveStatic({ root: pageDir, precompressed: true }));
}

const cacheControl: MiddlewareHandler = async (c, next) => {
  await next();
  if (!c.res.ok) return;
  const isHashed = HASHED.test(c.req.path);
  c.header("cache-control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
};
