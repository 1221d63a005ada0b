// Headers of every answer: isolation, which WASM threads need, and what the page may load.

import type { MiddlewareHandler } from "hono";

const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'", // a bar's width is an inline style
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

const HEADERS: Readonly<Record<string, string>> = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** Sets the headers on every answer, errors included. The page may connect to this server and to these origins alone. */
export function headersFor(connectTo: readonly string[]): MiddlewareHandler {
  const policy = [...POLICY, ["connect-src 'self'", ...connectTo].join(" ")].join("; ");
  return async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    c.header("content-security-policy", policy);
  };
}
