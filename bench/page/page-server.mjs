// The real page on the real server, as `npm start` has them. Bundled from the sources before it runs.

import { startServer } from "@tokenscope/server";

/** Serves a built page and one model on a free port of this machine. */
export async function servePage({ pageDir, model: { entry, path } }) {
  const { id, label, fileBytes, sha256, licence } = entry;
  const served = { id, label, path, sizeBytes: fileBytes, sha256, licence };
  return await startServer({ port: 0, host: "127.0.0.1", pageDir, models: [served] });
}
