export {
  type ChatFormat,
  endTurn,
  messagesOf,
  replyStart,
  roleRefusal,
  setSystemPrompt,
  tokenAt,
} from "./conversation.ts";
export {
  activePath,
  type Branch,
  branchAt,
  branchOf,
  chooseAt,
  emptyDocument,
  extend,
  isOnPath,
  type NewToken,
  type NodeId,
  nodeAt,
  nodesOf,
  type Origin,
  openBranch,
  pathTo,
  sharedLength,
  spliceAt,
  switchBranch,
  type TokenDocument,
  type TokenNode,
} from "./document.ts";
export {
  type AppendOptions,
  type Backend,
  type Engine,
  KEPT_CANDIDATES,
  type ModelIdentity,
  type Precision,
  type Prediction,
  type RunCounts,
  type ScoredToken,
  type Sequence,
  type TokenScore,
} from "./engine.ts";
export { EngineError, FormatError, UsageError } from "./errors.ts";
export { amend, type History, record, redo, startHistory, undo } from "./history.ts";
export { GREEDY, RAW, type SamplingSettings } from "./settings.ts";
export { type TokenId, tokenId } from "./token.ts";
export type {
  ChatMessage,
  ChatTemplate,
  EncodeOptions,
  RenderedChat,
  RenderedToken,
  RenderOptions,
  Tokenizer,
  TurnPart,
  Vocabulary,
} from "./tokenizer.ts";
export { isCounted, type Turn, turnsOf } from "./turns.ts";
export { bitsFromNats, perplexity, surprisalBits } from "./units.ts";
