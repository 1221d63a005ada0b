// Public surface of calls: what a page asks of a model, its handlers, and how both cross a wire.

export type {
  Handler,
  ModelCallKind,
  ModelCalls,
  SearchRow,
  SessionHost,
  VocabularyTable,
} from "./calls.ts";
export {
  LEAST_NATS,
  type RemoteCandidate,
  type RemoteModels,
  type RemotePlace,
  type RemotePlaceRequest,
} from "./remote-place.ts";
export { createSessionHost, type RunningModel } from "./session-host.ts";
export { scheduledTexts } from "./text-runner.ts";
export { rankedMatches, vocabularySearch } from "./vocabulary-search.ts";
export { tableVocabulary, vocabularyTable } from "./vocabulary-table.ts";
export {
  CALL_TYPE,
  type CallMessage,
  decodeMessages,
  decodeValue,
  encodeValue,
  type FailureMessage,
  identityMark,
  type ModelDescription,
} from "./wire.ts";
