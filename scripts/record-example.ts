// Makes the recorded example: see record-example.mjs.

import { writeFileSync } from "node:fs";
import {
  activePath,
  branchAt,
  decodeTokens,
  type Engine,
  emptyDocument,
  endTurn,
  extend,
  generateAll,
  type NodeId,
  nodesOf,
  type Origin,
  pieceText,
  type ScoredToken,
  switchBranch,
  type TokenDocument,
  type TokenId,
  type Tokenizer,
  tokenAt,
  tokenId,
} from "@tokenscope/core";
import { loadEngine, quantizationName, readGguf } from "@tokenscope/engine";
import { openFileSource } from "@tokenscope/engine/node";
import { DEFAULT_MODEL_ID, modelEntry } from "@tokenscope/models";
import { loadChatTemplate, loadTokenizer, parseTemplateSource } from "@tokenscope/tokenizers";
import * as ort from "onnxruntime-node";
import { smollm2Path } from "../fixtures/index.ts";
import { RECORDED_WITH } from "../packages/web/src/recording/recorded-with.ts";

const MESSAGE = "Write a one-paragraph story about a dragon.";
const KEPT = 40;
const MAX_TOKENS = 100;
const BRANCH_TOKENS = 45;
const UNLIKELY_RANK = 6;
const OPEN_AT_REPLY_TOKEN = 5; // far enough in to have a context, with many candidates

const scores = new Map<NodeId, ScoredToken>();

interface Recorder {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
}

/** Scores the active path, then writes after it until a stop token or so many tokens. */
async function continueReply(
  { engine, tokenizer }: Recorder,
  start: TokenDocument,
  maxTokens: number,
): Promise<TokenDocument> {
  const { endTokenIds } = tokenizer;
  const sequence = engine.openSequence();
  for await (const _chunk of sequence.append(nodesOf(start, activePath(start)).map((n) => n.id)));
  const options = { engine, sequence, endTokenIds, ...RECORDED_WITH, maxTokens };
  const { steps, ending } = await generateAll(options);
  console.log(`${steps.length} tokens, ended by ${ending.kind}`);
  let doc = start;
  for (const { id, origin } of steps) {
    const path = nodesOf(doc, activePath(doc));
    doc = extend(doc, [tokenAt(path, path.length, { id, origin }, endTokenIds)]);
  }
  for (const [i, node] of activePath(doc).entries()) {
    const scored = sequence.tokens[i];
    if (scored !== undefined) scores.set(node, scored);
  }
  sequence.close();
  return doc;
}

/** A branch of the first path: one token at a position, then what the model makes of it. */
async function branch(
  recorder: Recorder,
  doc: TokenDocument,
  position: number,
  choice: { readonly id: TokenId; readonly origin: Origin },
): Promise<TokenDocument> {
  const main = switchBranch(doc, 0);
  const path = nodesOf(main, activePath(main));
  const token = tokenAt(path, position, choice, recorder.tokenizer.endTokenIds);
  return continueReply(recorder, branchAt(main, position, [token]), BRANCH_TOKENS);
}

/** Records the conversation and writes the file. */
export async function recordExample(file: string): Promise<void> {
  const path = smollm2Path();
  if (path === null) throw new Error("the model is not in the cache; run npm start first");
  const { id, sha256 } = modelEntry(DEFAULT_MODEL_ID);
  const source = await openFileSource(path);
  const gguf = await readGguf(source);
  const tokenizer = loadTokenizer({ name: id, metadata: gguf.metadata });
  const templateSource = parseTemplateSource(gguf.metadata);
  if (templateSource === null) throw new Error("the model has no chat template");
  const template = loadChatTemplate({ ...templateSource, tokenizer });
  const runtime = { ort, precision: "exact", backend: "node-cpu", threads: 2 } as const;
  const engine = await loadEngine({ ...runtime, source, gguf });
  await source.close();
  const recorder = { engine, tokenizer };
  const message = { role: "user", content: MESSAGE };
  const asked = endTurn(emptyDocument(), message, { tokenizer, template });
  const replyStart = activePath(asked).length;
  let doc = await continueReply(recorder, asked, MAX_TOKENS);
  const beforeReply = activePath(doc)[replyStart - 1];
  const candidates = beforeReply === undefined ? undefined : scores.get(beforeReply)?.prediction;
  const unlikely = tokenId(candidates?.topIds[UNLIKELY_RANK - 1] ?? 0);
  doc = await branch(recorder, doc, replyStart, { id: unlikely, origin: "chosen" });
  const [forced] = tokenizer.encode(" banana");
  if (forced === undefined) throw new Error("banana is no token");
  doc = await branch(recorder, doc, replyStart + 12, { id: forced, origin: "forced" });
  const { architecture, precision, backend } = engine;
  const quantization = quantizationName(gguf);
  const identity = { id, sha256, architecture, quantization, precision, backend };
  const recorded = switchBranch(doc, 0);
  const openAt = replyStart + OPEN_AT_REPLY_TOKEN;
  const recording = { ...recordingFile(recorded, tokenizer, identity), openAt };
  writeFileSync(file, JSON.stringify(recording));
  const text = nodesOf(recorded, activePath(recorded)).map((n) => tokenizer.vocabulary.bytes(n.id));
  console.log(decodeTokens(text));
  await engine.close();
}

function recordingFile(doc: TokenDocument, tokenizer: Tokenizer, identity: object) {
  const { vocabulary } = tokenizer;
  const ids = new Set<number>();
  const nodes = doc.nodes.map((node, index) => {
    const scored = scores.get(index as NodeId);
    if (scored === undefined) throw new Error(`node ${index} is not scored`);
    const { topIds, topLogprobsNats, entropyNats, logZ } = scored.prediction;
    for (const id of [node.id, ...topIds.subarray(0, KEPT)]) ids.add(id);
    return {
      node,
      score: scored.score && {
        logprobNats: round(scored.score.logprobNats, 6),
        rank: scored.score.rank,
      },
      entropyNats: round(entropyNats, 6),
      logZ: round(logZ, 4),
      topIds: [...topIds.subarray(0, KEPT)],
      topMillinats: Array.from(
        topLogprobsNats.subarray(0, KEPT),
        (value) => Math.round(value * 10_000) / 10,
      ),
    };
  });
  const pieces = Object.fromEntries(
    [...ids].map((id) => {
      const bytes = vocabulary.bytes(tokenId(id));
      return [id, pieceText(bytes) ?? [...bytes]];
    }),
  );
  const special = [...ids].filter((id) => vocabulary.isSpecial(tokenId(id)));
  const tips = doc.branches.map((branch) => branch.tip);
  return { identity, vocabularySize: vocabulary.size, pieces, special, nodes, tips };
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
