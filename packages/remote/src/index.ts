// Public surface of remote: a client of OpenAI-compatible servers, and what each of them can tell.

export type { AnsweredCandidate, AnsweredToken } from "./answers.ts";
export { type Capabilities, probe } from "./capabilities.ts";
export { type Endpoint, type EndpointOptions, openEndpoint } from "./endpoint.ts";
export {
  type GeneratedPiece,
  generateRemotely,
  type RemoteEnding,
  type RemoteGeneration,
} from "./generate-remotely.ts";
export { type NamedCandidate, nextRemotely, type RemoteNext } from "./next-remotely.ts";
export {
  type ReadCandidate,
  type ReadOptions,
  type RemoteRead,
  readRemotely,
} from "./read-remotely.ts";
export {
  type RemoteGenerateJson,
  type RemoteNextJson,
  type RemoteScoreJson,
  remoteGenerateJson,
  remoteIdentity,
  remoteNextJson,
  remoteScoreJson,
  remoteSteps,
} from "./remote-json.ts";
export { listModels, openRemoteModel, type RemoteModel } from "./remote-model.ts";
export {
  noScoring,
  type RemoteChat,
  type RemoteInput,
  type RemoteOptions,
  type RemoteStart,
  type RemoteText,
  type RemoteToken,
  scoreRemotely,
} from "./score-remotely.ts";
export { wireMessage } from "./wire-message.ts";
