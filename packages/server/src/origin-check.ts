// Refuses what pages of other sites send: a browser names the page's origin with every request that could do or read something.

import { UsageError } from "@tokenscope/core";
import type { Context, MiddlewareHandler } from "hono";
import { isApiPath } from "./api/routes.ts";
import { isCallPath } from "./calls/call-routes.ts";
import { isRemotePath } from "./remote/remote-routes.ts";

/** Lets pass requests without an origin (programs, links), of this server's own page, and of the pages of `allowHosts` (a proxy may stand before this server). */
export function originCheck(allowHosts: readonly string[]): MiddlewareHandler {
  const allowed = new Set(allowHosts.map((host) => host.toLowerCase()));
  return async (c, next) => {
    const origin = c.req.header("origin");
    if (origin !== undefined && !isOwn(origin, c, allowed)) throw foreign(`the page ${origin}`);
    if (origin === undefined && isCrossSite(c)) throw foreign("a page of another site");
    await next();
  };
}

function isOwn(origin: string, c: Context, allowed: ReadonlySet<string>): boolean {
  if (!URL.canParse(origin)) return false; // "null" too: a sandboxed page, or a file
  const { host, hostname, protocol } = new URL(origin);
  if (!["http:", "https:"].includes(protocol)) return false;
  return host === c.req.header("host")?.toLowerCase() || allowed.has(hostname);
}

/** Images and scripts of other pages come without an origin, but say so. The page itself may be linked to from anywhere. */
function isCrossSite(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  const { path } = c.req;
  const isAnswer = isApiPath(path) || isCallPath(path) || isRemotePath(path);
  return isAnswer && (site === "cross-site" || site === "same-site");
}

function foreign(who: string): UsageError {
  return new UsageError(
    `this server does not answer ${who}; use its own page, a program, or start it with --allow-host for a name of its own`,
    { httpStatus: 403 },
  );
}
