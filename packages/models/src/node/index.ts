// Public surface of models on Node: fetching, the cache on disk, files a user names.

export {
  type CachedModel,
  cachedFile,
  cachedModels,
  cachePath,
  modelFolder,
  removeModel,
} from "./cache.ts";
export { type FetchOptions, fetchModel, fetchUrl, hubEndpoint } from "./fetch-model.ts";
export { fileSha256 } from "./file-hash.ts";
export { locateModel, type ModelFile, modelSha256 } from "./model-file.ts";
