// The model file that is measured: the default model, from the cache or fetched into it. Bundled from the sources before it runs.

import { MODELS } from "@tokenscope/models";
import { fetchModel, modelFolder } from "@tokenscope/models/node";

/** The default model's entry of the registry and the path of its file. */
export async function defaultModel() {
  const [entry] = MODELS;
  return { entry, path: await fetchModel({ entry, folder: modelFolder(process.env) }) };
}
