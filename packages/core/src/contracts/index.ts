// What tests of every package share: contract suites and the toy engine. Imported by tests alone.

export { expectSame, NATS } from "./contract-parts.ts";
export { type EngineRunner, engineContract } from "./engine-contract.ts";
export { type ContractRunner, type ContractSkip, tokenizerContract } from "./tokenizer-contract.ts";
export { openToyEngine, type ToyEngineOptions } from "./toy-engine.ts";
export { toyLogits } from "./toy-head.ts";
export { TOY_SPECIAL, toyTokenizer, toyVocabulary } from "./toy-tokenizer.ts";
