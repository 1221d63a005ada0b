export { type ChatTemplateOptions, loadChatTemplate } from "./chat-template.ts";
export { type GgufMetadata, parseTemplateSource, type TemplateSource } from "./metadata.ts";
export { loadTokenizer, loadTokenizerJson } from "./tokenizer.ts";
