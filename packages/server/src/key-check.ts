// Asks clients of the API for a key. What they send is compared in constant time and never repeated.

import { createHash, timingSafeEqual } from "node:crypto";
import { UsageError } from "@tokenscope/core";
import type { MiddlewareHandler } from "hono";

/** Lets pass what carries this key as its bearer token. */
export function keyCheck(apiKey: string): MiddlewareHandler {
  const expected = digest(apiKey);
  return async (c, next) => {
    const [, given] = /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
    if (given === undefined || !timingSafeEqual(digest(given.trim()), expected)) {
      c.header("www-authenticate", "Bearer");
      const what =
        given === undefined ? "this server asks for a key" : "the key is not this server's";
      throw new UsageError(`${what}; send the right one in the header authorization: Bearer KEY`, {
        httpStatus: 401,
      });
    }
    await next();
  };
}

/** Of equal length, whatever was sent: comparing it tells nothing of the key's length either. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
