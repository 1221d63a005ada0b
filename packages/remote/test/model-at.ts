// A model on a server that a test starts, and that goes with the test.

import { afterEach } from "vitest";
import type { ServingEngine } from "../../../fixtures/serving-engines.ts";
import { openEndpoint, openRemoteModel } from "../src/index.ts";

const open: ServingEngine[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

export interface ModelOptions {
  readonly id?: string; // the only one that is listed unless told
  readonly retries?: number;
}

/** Opens a server's model. */
export async function modelAt(
  serving: Promise<ServingEngine>,
  { id, retries = 1 }: ModelOptions = {},
) {
  const server = await serving;
  open.push(server);
  const model = await openRemoteModel(openEndpoint({ ...server, retries }), id ?? null);
  return { server, model };
}
