// The pre-tokenizers we know, as data: names in tokenizer.ggml.pre, patterns and the habits that change ids.
//
// Names and grouping: llama.cpp, src/llama-vocab.cpp, August 2026. Patterns: those of the models' own tokenizer.json where
// llama.cpp quotes them (its own are adapted to a matcher without \p{Lu}, and differ for combining marks), else llama.cpp's.
// Written in their notation; split-pattern.ts translates. Left out: superbpe (cuts between characters), tiny_aya (\b), models
// that frame every text (roberta-bpe, jina-v1-en, jina-v2-code, granite-embed-*), and gemma4, sarvam-moe and whitespace, which
// are no byte-level vocabularies.

/** How a kind of vocabulary cuts a text into words. */
export interface PreTokenizerKind {
  readonly names: readonly string[];
  /** Applied in order, each to the pieces of the one before. */
  readonly patterns: readonly string[];
  /** Whether a word that is a token is taken whole, before any merge (ignore_merges). */
  readonly wholeWords?: boolean;
  /** Whether a text has a start token where the file does not say (add_bos_token). */
  readonly startToken?: boolean;
}

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const PUNCTUATION_THEN_LINES = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`;
const SPACES = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;
const DIGIT = String.raw`\p{N}`;
const THREE_DIGITS = String.raw`\p{N}{1,3}`;
const LETTERS = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`;

/** GPT-2's pattern, which ByteLevel has built in. */
export const GPT2_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const CL100K = [CONTRACTIONS, LETTERS, THREE_DIGITS, PUNCTUATION_THEN_LINES, SPACES].join("|");
const QWEN2 = [CONTRACTIONS, LETTERS, DIGIT, PUNCTUATION_THEN_LINES, SPACES].join("|");

// Words that begin with capitals, and words of capitals (o200k); `contractions` belong to the word before them.
const UPPER = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const LOWER = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const caseWords = (contractions: string, upper = UPPER, lower = LOWER) =>
  [`${upper}*${lower}+`, `${upper}+${lower}*`]
    .map((letters) => String.raw`[^\r\n\p{L}\p{N}]?${letters}${contractions}`)
    .join("|");
const PUNCTUATION_THEN_SLASHES = String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`;
const O200K = [caseWords(`${CONTRACTIONS}?`), THREE_DIGITS, PUNCTUATION_THEN_SLASHES, SPACES].join(
  "|",
);

const CHINESE_JAPANESE = String.raw`[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+`;
const CHINESE_KOREAN = String.raw`[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+`;
const deepseekWords = (afterPunctuation: string, lines: string) =>
  String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${"`"}{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+${afterPunctuation}|${lines}|\s+(?!\S)|\s+`;
const DEEPSEEK3 = deepseekWords(String.raw`[\r\n]*`, String.raw`\s*[\r\n]+`);

// The letters that have a case, as DeepSeek's tokenizer.json lists them: fewer than \p{L&}.
const DEEPSEEK_LETTERS = String.raw`[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\u{10400}-\u{1044f}\u{104b0}-\u{104d3}\u{104d8}-\u{104fb}\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-\u{118df}\u{1e900}-\u{1e943}]`;

const BLOOM = String.raw` ?[^(\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+`;
const NO_HAN = String.raw`(?!\p{Script=Han})`;
const SHRINKING_SPACES = [512, 256, 128, 64, 32, 16, 8, 4].map((n) => String.raw`\s{${n}}(?!\S)`);

/** All kinds; a name stands in one of them only. */
export const PRE_TOKENIZER_KINDS: readonly PreTokenizerKind[] = [
  {
    names: [
      ...["gpt-2", "phi-2", "gigachat", "a.x-4.0", "mellum", "modern-bert", "exaone4"],
      ...["jina-es", "jina-de", "jina-v2-es", "jina-v2-de"],
      ...["mpt", "olmo", "jais", "trillion", "granite-docling"],
    ],
    patterns: [GPT2_PATTERN],
  },
  {
    names: [
      ...["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"],
      "mellum2",
    ],
    patterns: [DIGIT, GPT2_PATTERN],
  },
  {
    names: [
      ...["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0"],
      ...["lfm2", "jina-v5-nano"],
    ],
    patterns: [CL100K],
    wholeWords: true,
    startToken: true,
  },
  { names: ["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"], patterns: [CL100K] },
  {
    names: [
      "qwen2",
      "deepseek-r1-qwen",
      "kormo",
      "f2llmv2",
      "megrez",
      "stablelm2",
      "hunyuan",
    ].concat(["solar-open", "grok-2"]),
    patterns: [QWEN2],
  },
  {
    names: ["qwen35"],
    patterns: [
      String.raw`${CONTRACTIONS}|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|${SPACES}`,
    ],
  },
  { names: ["ufakzeka"], patterns: [[LETTERS, DIGIT, PUNCTUATION_THEN_LINES, SPACES].join("|")] },
  { names: ["laguna"], patterns: [String.raw`[^\n]+|[\n]+`, QWEN2] },
  {
    names: ["minicpm5"],
    patterns: [
      THREE_DIGITS,
      [CONTRACTIONS, LETTERS, `${DIGIT}+`, PUNCTUATION_THEN_LINES, SPACES].join("|"),
    ],
    wholeWords: true,
  },
  {
    names: ["jais-2"],
    patterns: [
      [
        ...[CONTRACTIONS, LETTERS, THREE_DIGITS, PUNCTUATION_THEN_LINES, String.raw`\s*[\r\n]+`],
        ...SHRINKING_SPACES,
        String.raw`\s{1,2}(?!\S)|\s{1}`,
      ].join("|"),
    ],
  },
  { names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], patterns: [O200K] },
  {
    names: ["tekken"],
    patterns: [[caseWords(""), DIGIT, PUNCTUATION_THEN_SLASHES, SPACES].join("|")],
    wholeWords: true,
    startToken: true,
  },
  {
    names: ["kimi-k2"],
    patterns: [
      [
        String.raw`\p{Script=Han}+`,
        caseWords(`${CONTRACTIONS}?`, `(?:${NO_HAN}${UPPER})`, `(?:${NO_HAN}${LOWER})`),
        ...[THREE_DIGITS, PUNCTUATION_THEN_LINES, SPACES],
      ].join("|"),
    ],
  },
  {
    names: ["youtu"],
    patterns: [
      String.raw`[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+|[\u3105-\u312f]+|${CHINESE_JAPANESE}`,
      [caseWords(`${CONTRACTIONS}?`), DIGIT, PUNCTUATION_THEN_SLASHES, SPACES].join("|"),
    ],
    wholeWords: true,
  },
  {
    names: ["deepseek-llm"],
    patterns: [
      String.raw`[\r\n]`,
      String.raw`\s?${DEEPSEEK_LETTERS}+`,
      String.raw`\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+`,
      String.raw`\s+(?![\s\S])`, // \s+$ there; the first pattern has cut at every line end
      CHINESE_KOREAN,
      String.raw`\p{N}+`,
    ],
  },
  {
    names: ["deepseek-coder"],
    patterns: [
      String.raw`[\r\n]`,
      String.raw`\s?\p{L}+`,
      String.raw`\s?\p{P}+`,
      CHINESE_KOREAN,
      DIGIT,
    ],
  },
  {
    names: ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
    patterns: [THREE_DIGITS, CHINESE_JAPANESE, DEEPSEEK3],
  },
  {
    names: ["spark2_5"],
    patterns: [THREE_DIGITS, CHINESE_JAPANESE, deepseekWords("", String.raw`[\r\n]`), DIGIT],
  },
  {
    names: ["afmoe"],
    patterns: [
      String.raw`\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))`, // groups of three, counted from the end
      String.raw`[\u4e00-\u9fff\u3400-\u4dbf\u8c48-\ufaff\u3040-\u309f\u30a0-\u30ff\uff65-\uff9f\u2f00-\u2fdf\u0e40-\u0e7f\u0e80-\u0eff\u1780-\u17ff\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff\uac00-\ud7af\u1100-\u11ff]+`,
      DEEPSEEK3,
    ],
  },
  {
    names: ["falcon"],
    patterns: [String.raw`[\p{P}\$\+<=>\^~\|${"`"}]+`, GPT2_PATTERN, "[0-9][0-9][0-9]"],
  },
  { names: ["bloom", "poro-chat", "gpt3-finnish"], patterns: [BLOOM] },
  { names: ["viking"], patterns: [BLOOM, DIGIT] },
  {
    names: ["chameleon"],
    patterns: [
      "<sentinel:[0-9]+>",
      "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
      String.raw`([\t\n]|    |  )`,
      DIGIT,
      String.raw`[\p{P}!-/:-@\[-${"`"}{-~]`,
      GPT2_PATTERN,
    ],
    startToken: true,
  },
  {
    names: ["bailingmoe", "bailingmoe2", "llada-moe"],
    patterns: [
      String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`,
    ],
  },
  {
    names: ["seed-coder"],
    patterns: [String.raw`${CONTRACTIONS}|${LETTERS}|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|${SPACES}`],
  },
  {
    names: ["exaone-moe"],
    patterns: [
      String.raw`${CONTRACTIONS}|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+`,
    ],
  },
];
