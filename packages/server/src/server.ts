// Listening: from options to a running server, or a sentence why not.

import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { type SchedulerLimits, UsageError } from "@tokenscope/core";
import type { Endpoint } from "@tokenscope/remote";
import { type ApiModel, ApiModels } from "./api/api-models.ts";
import { buildApp } from "./app.ts";
import { bracketed } from "./host-check.ts";
import type { ServedModel } from "./model-files.ts";
import { cutUnreadAnswers } from "./unread-answers.ts";

export interface ServerOptions {
  readonly port: number; // 0: any free one
  readonly host: string; // 127.0.0.1 unless others on the network should reach it
  readonly pageDir: string;
  readonly models: readonly ServedModel[];
  /** Models that the API answers with, opened when they are first asked for; none unless told. */
  readonly apiModels?: readonly ApiModel[];
  readonly limits?: Partial<ServerLimits>;
  readonly allowHosts?: readonly string[];
  /** Origins that the page may fetch models from, beside this server. */
  readonly connectTo?: readonly string[];
  /** Another server whose models the page may ask through this one. */
  readonly remote?: Endpoint;
  /** What clients of the API must send as their bearer token. */
  readonly apiKey?: string;
}

interface ServerLimits extends SchedulerLimits {
  readonly bodyBytes: number; // of a request
  readonly unreadMs: number; // how long an answer may wait for its client to take a byte
}

const LIMITS: ServerLimits = {
  bodyBytes: 8 * 1024 * 1024, // 256 prompts of a 4,096-token context in ids take about 6 MB
  unreadMs: 120_000, // a phone may sleep for a minute; a page asks again for what is left
  running: 32, // beyond, a pass takes longer by as much as it does more
  waiting: 512,
  positions: 16_384, // some 750 MB of keys and values with the default model
  readRows: 64, // about two tokens' time of the default model
  keptTexts: 8,
  unread: 256, // some 750 kB with the default model
};

export interface RunningServer {
  readonly url: string;
  /** Cuts open connections, frees the port and closes the models. */
  close(): Promise<void>;
}

/** A server that answers. Throws UsageError where the port is taken or not allowed, the host is not this machine's, or the page was not built. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { port, host, pageDir, allowHosts = [] } = options;
  if (!existsSync(join(pageDir, "index.html"))) {
    throw new UsageError(`there is no page in ${pageDir}; build it with npm run build`);
  }
  const limits = { ...LIMITS, ...options.limits };
  const api = new ApiModels(options.apiModels ?? [], limits);
  const app = buildApp({
    ...options,
    api,
    allowHosts,
    connectTo: options.connectTo ?? [],
    apiKey: options.apiKey ?? null,
    remote: options.remote ?? null,
    maxBodyBytes: limits.bodyBytes,
    startedAt: Math.floor(Date.now() / 1000),
  });
  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  cutUnreadAnswers(server, limits.unreadMs);
  await listen(server, port, host);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${reachableHost(host)}:${address.port}`,
    close: async () => {
      await close(server);
      await api.close();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, port, host)));
    server.listen(port, host, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string): Error {
  const options = { cause: error };
  switch (error.code) {
    case "EADDRINUSE":
      return new UsageError(
        `port ${port} on ${host} is in use by another program; stop that one, or take another port with --port`,
        options,
      );
    case "EACCES":
      return new UsageError(
        `port ${port} is not allowed to this user; take one from 1024 with --port`,
        options,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new UsageError(
        `${host} is no address of this machine; leave --host out, or give 0.0.0.0 for all of its addresses`,
        options,
      );
    default:
      return error;
  }
}

/** A browser cannot open the address that means "all addresses". */
function reachableHost(host: string): string {
  return ["0.0.0.0", "::", "[::]"].includes(host) ? "127.0.0.1" : bracketed(host);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
