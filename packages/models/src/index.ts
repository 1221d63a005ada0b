// Public surface of models that runs anywhere; fetching and storing on a disk is in @tokenscope/models/node.

export type { FetchProgress, SourceFailure } from "./progress.ts";
export {
  DEFAULT_MODEL_ID,
  type HubSource,
  hubUrl,
  MODELS,
  type ModelEntry,
  type ModelSource,
  type ModelTerms,
  modelEntry,
  sourceName,
  type WheelPart,
  type WheelSource,
} from "./registry.ts";
export { shardNames, shardUrls, wholeName } from "./shards.ts";
