// The recorded example: a real conversation with its scores, so that the first screen is explorable before the model is there.

import {
  FormatError,
  type History,
  type ModelIdentity,
  type NodeId,
  type ScoredToken,
  startHistory,
  type TokenDocument,
  type TokenNode,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import type { AppState } from "../store/state.ts";

/** A recording that can be shown. Predictions keep their top candidates and no context vector. */
export interface Recording {
  readonly identity: ModelIdentity;
  readonly history: History;
  readonly scores: ReadonlyMap<NodeId, ScoredToken>;
  /** Bytes of the tokens that appear; others are unknown until the model is there. */
  readonly vocabulary: Vocabulary;
  /** The position to open it at. */
  readonly openAt: number;
}

/** The file's shape; scripts/record-example.mjs writes it. Logprobs are in millinats, rounded. */
export interface RecordingFile {
  readonly identity: ModelIdentity;
  readonly vocabularySize: number;
  /** id -> piece, as text where it is whole UTF-8, else as an array of bytes. */
  readonly pieces: Readonly<Record<string, string | readonly number[]>>;
  readonly special: readonly number[];
  readonly nodes: readonly RecordedNode[];
  readonly tips: readonly number[];
  readonly openAt: number;
}

interface RecordedNode {
  readonly node: Omit<TokenNode, "id" | "parent"> & {
    readonly id: number;
    readonly parent: number | null;
  };
  /** Own logprob in nats and rank; null at position 0. */
  readonly score: { readonly logprobNats: number; readonly rank: number } | null;
  readonly entropyNats: number;
  readonly logZ: number;
  readonly topIds: readonly number[];
  readonly topMillinats: readonly number[];
}

/** Turns the file into what the page shows. Throws FormatError where it is damaged. */
export function parseRecording(file: RecordingFile): Recording {
  const nodes = file.nodes.map(({ node }): TokenNode => {
    return { ...node, id: tokenId(node.id), parent: node.parent as NodeId | null };
  });
  const branches = file.tips.map((tip, key) => ({ key, tip: tip as NodeId }));
  if (branches.length === 0 || file.tips.some((tip) => nodes[tip] === undefined)) {
    throw new FormatError("the recording names a branch that ends at no token (in tips)");
  }
  for (const [index, recorded] of file.nodes.entries()) checkNode(recorded, index, nodes);
  const last = nodes[file.tips[0] ?? 0]?.position ?? 0;
  if (file.openAt < 0 || file.openAt > last + 1) {
    throw new FormatError(
      `the recording opens at ${file.openAt} of ${last + 1} tokens (in openAt)`,
    );
  }
  const present: TokenDocument = { nodes, branches, activeKey: 0 };
  const scores = new Map(
    file.nodes.map((recorded, index) => [index as NodeId, scoredToken(recorded)] as const),
  );
  return {
    identity: file.identity,
    history: startHistory(present),
    scores,
    vocabulary: recordedVocabulary(file),
    openAt: file.openAt,
  };
}

function checkNode(
  { topIds, topMillinats }: RecordedNode,
  index: number,
  nodes: readonly TokenNode[],
): void {
  const { parent = null, position = 0 } = nodes[index] ?? {};
  const expected = parent === null ? 0 : (nodes[parent]?.position ?? Number.NaN) + 1;
  if (parent !== null && parent >= index) {
    throw new FormatError(
      `the recording has a token whose parent comes later (in nodes[${index}])`,
    );
  }
  if (position !== expected) {
    throw new FormatError(
      `the recording has a token at position ${position} that belongs at ${expected} (in nodes[${index}])`,
    );
  }
  if (topIds.length !== topMillinats.length) {
    throw new FormatError(
      `the recording lists ${topIds.length} candidates and ${topMillinats.length} logprobs (in nodes[${index}])`,
    );
  }
}

/** The state that shows a recording. */
export function recordingOpening(recording: Recording): Partial<AppState> {
  const { history, scores, vocabulary, openAt, identity } = recording;
  return {
    isRecording: true,
    recordedTips: tipsOf(history.present),
    documentSha256: identity.sha256,
    documentModel: identity,
    history,
    scores,
    vocabulary,
    position: openAt,
  };
}

/** Where the branches of a document end. */
export function tipsOf({ branches }: TokenDocument): ReadonlySet<NodeId> {
  return new Set(branches.flatMap(({ tip }) => (tip === null ? [] : [tip])));
}

function scoredToken(recorded: RecordedNode): ScoredToken {
  const { node, score, entropyNats, logZ, topIds, topMillinats } = recorded;
  return {
    id: tokenId(node.id),
    score,
    prediction: {
      topIds: Int32Array.from(topIds),
      topLogprobsNats: Float32Array.from(topMillinats, (value) => value / 1000),
      entropyNats,
      logZ,
      contextVector: null,
    },
  };
}

function recordedVocabulary({ pieces, special, vocabularySize }: RecordingFile): Vocabulary {
  const encoder = new TextEncoder();
  const bytes = new Map(
    Object.entries(pieces).map(([id, piece]) => {
      const value = typeof piece === "string" ? encoder.encode(piece) : Uint8Array.from(piece);
      return [Number(id), value] as const;
    }),
  );
  const specials = new Set(special);
  return {
    size: vocabularySize,
    bytes: (id) => bytes.get(id) ?? encoder.encode(`#${id}`),
    isSpecial: (id) => specials.has(id),
  };
}

/** The recording, in a chunk of its own. */
export async function loadRecording(): Promise<Recording> {
  const { default: file } = await import("./dragon.json");
  return parseRecording(file as unknown as RecordingFile); // JSON widens the unions that the script wrote
}
