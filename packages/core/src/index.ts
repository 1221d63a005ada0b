export { type AttentionMass, attentionMass, meanAttention } from "./attention.ts";
export { type BoundarySplit, boundarySplit } from "./boundary.ts";
export {
  type ChatFormat,
  endTurn,
  messagesOf,
  replyStart,
  roleRefusal,
  setSystemPrompt,
  setTools,
  TOOL_CALL,
  tokenAt,
  trySystemPrompt,
  writeToolCall,
} from "./conversation.ts";
export {
  type CrossCandidate,
  type CrossCandidates,
  type CrossPlace,
  crossCandidates,
  type ListedCandidate,
  type ListedCandidates,
  type ListedToken,
  listedCandidates,
} from "./cross-candidates.ts";
export { type Divergence, divergence, type SharedCandidate } from "./divergence.ts";
export {
  activePath,
  type Branch,
  branchAt,
  branchOf,
  chooseAt,
  deleteBranch,
  emptyDocument,
  extend,
  isOnPath,
  type NewToken,
  type NodeId,
  nearestBranch,
  newConversation,
  nodeAt,
  nodesOf,
  type Origin,
  openBranch,
  openDocument,
  pathTo,
  renameBranch,
  setBranchTools,
  sharedLength,
  spliceAt,
  switchBranch,
  type TokenDocument,
  type TokenNode,
} from "./document.ts";
export {
  type DrawPlace,
  drawAt,
  type PhiloxCounter,
  type PhiloxKey,
  philox4x32,
} from "./draw.ts";
export { type DrawStrip, drawStrip, type StripSegment } from "./draw-strip.ts";
export { editTokens } from "./edit.ts";
export type { Splice } from "./edit-marks.ts";
export {
  editableText,
  parseEditableText,
  specialText,
  specialTokens,
} from "./editable-text.ts";
export {
  type AppendOptions,
  type AttentionRow,
  type Backend,
  type Batch,
  type Engine,
  type Inside,
  type Inspection,
  KEPT_CANDIDATES,
  type ModelIdentity,
  type Patch,
  type Precision,
  type Prediction,
  type RunCounts,
  type ScoredToken,
  type Sequence,
  type TokenScore,
} from "./engine.ts";
export { entropyNats, klNats } from "./entropy.ts";
export { EngineError, FormatError, UsageError } from "./errors.ts";
export {
  countOf,
  formatBits,
  formatCount,
  formatDraw,
  formatMegabytes,
  formatPercent,
  formatPerplexity,
  formatProbability,
  formatRank,
  formatSigned,
  formatSpanRange,
  formatTurnBits,
  NO_VALUE,
} from "./format.ts";
export {
  type Ending,
  type GeneratedStep,
  type GenerateOptions,
  generate,
  generateAll,
} from "./generate.ts";
export {
  type GenerateBatchOptions,
  type GeneratedReply,
  generateBatch,
} from "./generate-batch.ts";
export { amend, type History, record, redo, settle, startHistory, undo } from "./history.ts";
export { type AppendedPositions, checkInspection, checkWidth } from "./inspection.ts";
export type { JobEvent, JobRequest, JobRun, JobToken } from "./job.ts";
export {
  type CandidateJson,
  type GeneratedStepJson,
  type GenerateJson,
  generateJson,
  type NextJson,
  nextJson,
  type PieceJson,
  pieceJson,
  type ScoredTokenJson,
  type ScoreJson,
  scoreJson,
  type TokensJson,
  tokensJson,
} from "./json.ts";
export { filterKept, type KeptDistribution, keptToken } from "./kept-candidates.ts";
export { cappedLogit, type LogitSum, type LogitTerm, logitSum } from "./logit-terms.ts";
export { logSoftmax, logSumExp, maxLogit } from "./logits.ts";
export {
  bytesHex,
  decodeTokens,
  hexBytes,
  type PieceSegment,
  pieceGlyphs,
  pieceName,
  pieceText,
  type TextStream,
  textStream,
} from "./piece.ts";
export { plainTemplate, TEXT_ROLE } from "./plain-template.ts";
export { predictionFromLogits } from "./prediction.ts";
export { type Logits, rankIndexOf, rankOf, rankOrder, topCandidates } from "./rank-order.ts";
export { type Reading, type ReadTokens, readingAt, readTokens, spokenText } from "./reading.ts";
export { RECOVERY_WINDOW, recovery, runningMeans } from "./recovery.ts";
export { templateRole, unknownRole } from "./roles.ts";
export {
  applySettings,
  type CutBy,
  type Cuts,
  cutBy,
  type FilteredDistribution,
  filterRanked,
  sampleIndex,
} from "./sampling.ts";
export {
  Scheduler,
  type SchedulerLimits,
  type SchedulerOptions,
  type SchedulerStatus,
} from "./scheduler.ts";
export {
  type ScoredRow,
  type ScoredText,
  type ScoreOptions,
  scoreIds,
  textRows,
  type Windows,
} from "./score.ts";
export { TOKEN_CSV_COLUMNS, type TokenCsv, tokenCsvCells } from "./score-csv.ts";
export { piecesOf, prunedDocument, type Session, sessionVocabulary } from "./session.ts";
export { decodeSession, encodeSession } from "./session-code.ts";
export {
  activeNodes,
  type Condition,
  type PartingCause,
  type SessionDifference,
  sessionDifference,
} from "./session-difference.ts";
export { formatSessionFile, parseSessionFile } from "./session-file.ts";
export { GREEDY, RAW, type SamplingSettings } from "./settings.ts";
export { parseSeed, parseSettings } from "./settings-parse.ts";
export {
  type KeptViewOptions,
  type SettingsRow,
  type SettingsView,
  type SettingsViewOptions,
  settingsView,
  settingsViewFromTop,
} from "./settings-view.ts";
export { sharedEnd } from "./shared-bytes.ts";
export { type SpanMeasures, type SpanTerm, spanMeasures, spanSum } from "./span.ts";
export { type NextToken, nextToken, type StepOptions } from "./step.ts";
export { type StoppedText, type StopWatch, stopWatch } from "./stop-text.ts";
export {
  characterCount,
  type ScoredId,
  type Summary,
  scoreBits,
  summary,
} from "./summary.ts";
export {
  SURPRISE_CLASS_BITS,
  type SurpriseClass,
  surpriseClass,
  surpriseHeight,
} from "./surprise.ts";
export { type TextEdit, textEdit } from "./text-edit.ts";
export { type TokenId, tokenId } from "./token.ts";
export { type HeadRow, tokenLogprobNats } from "./token-logprob.ts";
export type {
  ChatMessage,
  ChatTemplate,
  EncodeOptions,
  RenderedChat,
  RenderedToken,
  RenderOptions,
  Tokenizer,
  ToolCall,
  TurnPart,
  Vocabulary,
} from "./tokenizer.ts";
export { callExample, parseTools, type ToolDefinition, unwrittenTools } from "./tools.ts";
export { isCounted, type Turn, turnsOf } from "./turns.ts";
export { bitsFromNats, perplexity, surprisalBits } from "./units.ts";
export { type TextWordJson, textWords, type Word, words } from "./words.ts";
