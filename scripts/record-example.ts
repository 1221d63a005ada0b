// Makes the recorded example: see record-example.mjs.

import { writeFileSync } from "node:fs";
import {
  activePath,
  branchAt,
  type Engine,
  emptyDocument,
  endTurn,
  extend,
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
import { loadChatTemplate, loadTokenizer, parseTemplateSource } from "@tokenscope/tokenizers";
import * as ort from "onnxruntime-node";
import { smollm2Path } from "../fixtures/index.ts";

const MESSAGE = "Write a one-paragraph story about a dragon.";
const KEPT = 40;
const MAIN_TOKENS = 140; // the reply ends in the model's own stop token before that
const BRANCH_TOKENS = 45;
const UNLIKELY_RANK = 6;

const scores = new Map<NodeId, ScoredToken>();

async function score(engine: Engine, doc: TokenDocument): Promise<readonly ScoredToken[]> {
  const path = activePath(doc);
  const sequence = engine.openSequence();
  for await (const _ of sequence.append(nodesOf(doc, path).map((node) => node.id)));
  for (const [i, token] of sequence.tokens.entries()) scores.set(path[i] as NodeId, token);
  return sequence.tokens;
}

function write(doc: TokenDocument, id: TokenId, origin: Origin, ends: readonly TokenId[]) {
  const path = nodesOf(doc, activePath(doc));
  return extend(doc, [tokenAt(path, path.length, { id, origin }, ends)]);
}

async function continueGreedily(
  engine: Engine,
  start: TokenDocument,
  count: number,
  ends: readonly TokenId[],
) {
  let doc = start;
  for (let i = 0; i < count; i += 1) {
    const tokens = await score(engine, doc);
    const id = tokenId(tokens.at(-1)?.prediction.topIds[0] ?? 0);
    doc = write(doc, id, "greedy", ends);
    if (ends.includes(id)) break;
  }
  await score(engine, doc);
  return doc;
}

async function branch(
  engine: Engine,
  doc: TokenDocument,
  position: number,
  choice: { id: TokenId; origin: Origin },
  ends: readonly TokenId[],
) {
  const main = switchBranch(doc, 0);
  const path = nodesOf(main, activePath(main));
  const forked = branchAt(main, position, [tokenAt(path, position, choice, ends)]);
  return continueGreedily(engine, forked, BRANCH_TOKENS, ends);
}

/** Records the conversation and writes the file. */
export async function recordExample(file: string): Promise<void> {
  const path = smollm2Path();
  if (path === null) throw new Error("the model is not in the cache; run npm start first");
  const source = await openFileSource(path);
  const gguf = await readGguf(source);
  const id = "smollm2-135m-instruct-q4_1";
  const tokenizer = loadTokenizer({ name: id, metadata: gguf.metadata });
  const templateSource = parseTemplateSource(gguf.metadata);
  if (templateSource === null) throw new Error("no chat template");
  const template = loadChatTemplate({ ...templateSource, tokenizer });
  const engine = await loadEngine({
    ort,
    source,
    gguf,
    precision: "exact",
    backend: "node-cpu",
    threads: 2,
  });
  await source.close();
  const ends = tokenizer.endTokenIds;
  let doc = endTurn(emptyDocument(), { role: "user", content: MESSAGE }, { tokenizer, template });
  const replyStart = activePath(doc).length;
  doc = await continueGreedily(engine, doc, MAIN_TOKENS, ends);
  const main = await score(engine, doc);
  const unlikely = tokenId(main[replyStart - 1]?.prediction.topIds[UNLIKELY_RANK - 1] ?? 0);
  doc = await branch(engine, doc, replyStart, { id: unlikely, origin: "chosen" }, ends);
  const [forced] = tokenizer.encode(" banana");
  doc = await branch(
    engine,
    doc,
    replyStart + 12,
    { id: forced as TokenId, origin: "forced" },
    ends,
  );
  writeFileSync(
    file,
    JSON.stringify(
      recordingFile(switchBranch(doc, 0), tokenizer, {
        id,
        sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        architecture: engine.architecture,
        quantization: quantizationName(gguf),
        precision: "exact",
        backend: "node-cpu",
      }),
    ),
  );
  console.log(doc.nodes.length, "nodes", doc.branches.length, "branches");
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
