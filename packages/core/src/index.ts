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
export { bitsFromNats, perplexity, surprisalBits } from "./units.ts";
