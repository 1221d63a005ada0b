// Refuses requests for other host names: a page elsewhere could point its own name at this machine (DNS rebinding) and read along.

import { UsageError } from "@tokenscope/core";
import type { MiddlewareHandler } from "hono";

const OWN_NAMES = ["127.0.0.1", "localhost", "[::1]"];

/** Lets pass what is asked of this machine's own names, of the address it listens on and of `allowHosts`. */
export function hostCheck(host: string, allowHosts: readonly string[]): MiddlewareHandler {
  const allowed = new Set([...OWN_NAMES, ...[host, ...allowHosts].map(bracketed)]);
  return async (c, next) => {
    const name = hostName(c.req.header("host"));
    if (name === null || !allowed.has(name)) {
      const shown = name ?? "no name";
      throw new UsageError(
        `this server does not answer to ${shown}, only to ${[...allowed].join(", ")}; start it with --allow-host ${name ?? "NAME"} to allow that`,
        { httpStatus: 403 },
      );
    }
    await next();
  };
}

/** Example: "LocalHost:8376" -> "localhost"; null where the header is missing or no host. */
function hostName(header: string | undefined): string | null {
  if (header === undefined || !URL.canParse(`http://${header}`)) return null;
  return new URL(`http://${header}`).hostname;
}

/** A host as it stands in an address: "::1" -> "[::1]". */
export function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host.toLowerCase();
}
