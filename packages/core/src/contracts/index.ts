// What tests of every package share: contract suites and the toy engine. Imported by tests alone.

export { type EngineRunner, engineContract } from "./engine-contract.ts";
export { type ContractRunner, type ContractSkip, tokenizerContract } from "./tokenizer-contract.ts";
export {
  openToyEngine,
  TOY_SPECIAL,
  type ToyEngineOptions,
  toyLogits,
  toyTokenizer,
  toyVocabulary,
} from "./toy-engine.ts";
