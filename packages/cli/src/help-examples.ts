// Examples under the help of every command.

import type { Command } from "commander";

/** Lines to paste, by the command they show. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  serve: [
    "tokenscope serve --port 9000 --no-open",
    "tokenscope serve --model my.gguf --precision compact",
    "tokenscope serve --host 0.0.0.0 --allow-host lab.example.edu --require-key-env TOKENSCOPE_KEY",
    "tokenscope serve --engine openai --base-url http://localhost:8000/v1",
  ],
  models: [
    "tokenscope models",
    "tokenscope models fetch gemma-3-270m-q4_k_m",
    "tokenscope models info my.gguf --json",
    "tokenscope models info big --engine openai --base-url http://localhost:8000/v1",
  ],
  tokens: [
    'tokenscope tokens "naïve café"',
    'tokenscope tokens "naïve café" --tokenizer my.gguf --tokenizer tokenizer.json',
    "tokenscope tokens - --json < novel.txt",
  ],
  next: [
    'tokenscope next "The capital of France is"',
    'tokenscope next "The cat sat on the" --top 5 --token " mat" --token " moon"',
    "tokenscope next --chat conversation.json --json",
  ],
  score: [
    'tokenscope score --text "It was a dark and stormy night."',
    "tokenscope score novel.txt --words --csv > bits.csv",
    "tokenscope score sentences.txt --lines",
    'tokenscope score --context "The old man" --text " the boat"',
    "tokenscope score novel.txt --stride 4096 --json",
    "tokenscope score --jsonl in.jsonl --out out.jsonl --concurrency 64 --engine openai --base-url http://localhost:8000/v1",
  ],
  compare: [
    'tokenscope compare --text "The dog chased the cat." --models smollm2-135m-instruct-q4_1,my.gguf',
    'tokenscope compare --text "The dog chased the cat." --bits 8,4,3,2',
  ],
  generate: [
    'tokenscope generate "Once upon a time" --max-tokens 40',
    'tokenscope generate "Once upon a time" --temperature 0.8 --top-p 0.95 --seed 7 --trace',
    "tokenscope generate --chat conversation.json --json",
  ],
  bench: ["tokenscope bench", "tokenscope bench --model my.gguf --precision compact --json"],
};

/** Adds its examples to the help of each command. */
export function addExamples(program: Command): void {
  for (const command of program.commands) {
    const lines = EXAMPLES[command.name()] ?? [];
    if (lines.length > 0) command.addHelpText("after", `\nExamples:\n  ${lines.join("\n  ")}`);
  }
}
