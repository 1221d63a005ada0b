// A session as a JSON file: numbers in full precision, every token with its place in the tree. Errors name the place in the file.

import type { Branch, NodeId, TokenDocument, TokenNode } from "./document.ts";
import {
  KEPT_CANDIDATES,
  type ModelIdentity,
  type Prediction,
  type ScoredToken,
} from "./engine.ts";
import { FormatError } from "./errors.ts";
import {
  type JsonPart,
  jsonError,
  readFields,
  readItems,
  readNullable,
  readNumber,
  readText,
  readWhole,
  readWord,
} from "./json-reader.ts";
import { bytesHex } from "./piece.ts";
import { SESSION_WORDS, type Session, type SessionPiece } from "./session.ts";
import { parseSeed, parseSettings } from "./settings-parse.ts";
import { type TokenId, tokenId } from "./token.ts";
import { parseTools } from "./tools.ts";

const FORMAT = "tokenscope-session";
const VERSION = 1;
const MAX_TOOLS = 100_000; // characters
const MAX_ID = 2 ** 31 - 1; // the largest that fits the vocabularies' 32-bit tables

/** The text of a session file; JSON with a line for each token. */
export function formatSessionFile(session: Session): string {
  const { model, vocabularySize, position, span, view, settings, seed, lab } = session;
  const { nodes, branches, activeKey } = session.document;
  const head = { format: FORMAT, version: VERSION, model, vocabularySize };
  const lists = {
    pieces: Array.from(session.pieces, ([id, piece]) => pieceJson(id, piece)),
    tokens: nodes.map((node, i) => tokenJson(node, session.scores.get(i as NodeId))),
    branches: branches.map(({ tip, name, tools }) => {
      return { tip, ...(name !== undefined && { name }), ...(tools !== undefined && { tools }) };
    }),
  };
  const rest = {
    activeBranch: branches.findIndex(({ key }) => key === activeKey),
    position,
    span,
    view,
    settings,
    seed,
    redraws: Array.from(session.redraws, ([at, times]) => ({ position: at, times })),
    pins: session.pins,
    lab: lab ?? null,
  };
  const line = ([name, value]: readonly [string, unknown]): string =>
    `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`;
  const block = ([name, items]: readonly [string, readonly unknown[]]): string =>
    `  ${JSON.stringify(name)}: [${items.map((item) => `\n    ${JSON.stringify(item)}`).join(",")}\n  ]`;
  const all = [
    ...Object.entries(head).map(line),
    ...Object.entries(lists).map(block),
    ...Object.entries(rest).map(line),
  ];
  return `{\n${all.join(",\n")}\n}\n`;
}

/** The session in a file's text; throws FormatError with the place and the remedy. */
export function parseSessionFile(text: string): Session {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(
      `the file is no JSON (${reason}); open a conversation that Tokenscope saved`,
    );
  }
  return readSession({ value, path: "" });
}

function readSession(part: JsonPart): Session {
  checkKind(part);
  const file = readFields(part, [
    "format",
    "version",
    "model",
    "vocabularySize",
    "pieces",
    "tokens",
    "branches",
    "activeBranch",
    "position",
    "span",
    "view",
    "settings",
    "seed",
    "redraws",
    "pins",
    "lab",
  ]);
  const vocabularySize = readWhole(file.vocabularySize, 0, MAX_ID);
  const readId = (item: JsonPart): TokenId => tokenId(readWhole(item, 0, vocabularySize - 1));
  const { nodes, scores } = readTokens(file.tokens, readId);
  const document = readTree(file, nodes);
  const tip = document.branches[document.activeKey]?.tip ?? null;
  const length = tip === null ? 0 : (nodes[tip]?.position ?? 0) + 1;
  return {
    model: readModel(file.model),
    vocabularySize,
    pieces: new Map(readItems(file.pieces).map((item) => readPiece(item, readId))),
    document,
    scores,
    position: readWhole(file.position, 0, length),
    span: readNullable(file.span, (span) => readSpan(span, length)),
    view: readWord(file.view, SESSION_WORDS.view),
    settings: within(file.settings, () => parseSettings(recordOf(file.settings))),
    seed: within(file.seed, () => parseSeed(file.seed.value)),
    redraws: new Map(readItems(file.redraws).map(readRedraw)),
    pins: readItems(file.pins).map(readId),
    lab: file.lab.value,
  };
}

/** Says what a file is before it says what is wrong in it. */
function checkKind({ value, path }: JsonPart): void {
  const kind = typeof value === "object" && value !== null ? (value as { format?: unknown }) : {};
  if (kind.format !== FORMAT) {
    throw jsonError({ value: kind.format, path: "format" }, `"${FORMAT}"`);
  }
  const { version } = value as { version?: unknown };
  if (version === VERSION) return;
  throw new FormatError(
    `version in the file is ${JSON.stringify(version) ?? "missing"} and this Tokenscope reads ${VERSION}${path}; open it in a newer Tokenscope`,
  );
}

function readModel(part: JsonPart): ModelIdentity {
  const model = readFields(part, [
    "id",
    "sha256",
    "architecture",
    "quantization",
    "precision",
    "backend",
  ]);
  const sha256 = readText(model.sha256);
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw jsonError(model.sha256, "64 hexadecimal digits");
  return {
    id: readText(model.id),
    sha256,
    architecture: readText(model.architecture),
    quantization: readText(model.quantization),
    precision: readWord(model.precision, SESSION_WORDS.precision),
    backend: readWord(model.backend, SESSION_WORDS.backend),
  };
}

function pieceJson(id: TokenId, { bytes, isSpecial }: SessionPiece): unknown {
  return { id, bytesHex: bytesHex(bytes), special: isSpecial };
}

function readPiece(
  part: JsonPart,
  readId: (part: JsonPart) => TokenId,
): readonly [TokenId, SessionPiece] {
  const { id, bytesHex: hex, special } = readFields(part, ["id", "bytesHex", "special"]);
  const digits = readText(hex);
  if (!/^([0-9a-f]{2})*$/.test(digits)) throw jsonError(hex, "pairs of hexadecimal digits");
  if (typeof special.value !== "boolean") throw jsonError(special, "true or false");
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return [readId(id), { bytes, isSpecial: special.value }];
}

function tokenJson(node: TokenNode, scored: ScoredToken | undefined): unknown {
  const { id, parent, origin, turn, role, part } = node;
  const isWhole = scored !== undefined && Number.isFinite(scored.score?.logprobNats ?? 0);
  return { id, parent, origin, turn, role, part, ...(isWhole && { scored: scoredJson(scored) }) };
}

function scoredJson({ score, prediction }: ScoredToken): unknown {
  const { topIds, topLogprobsNats, entropyNats, logZ } = prediction;
  const top = Array.from(topIds, (id, i) => ({ id, logprobNats: topLogprobsNats[i] ?? 0 }));
  const own = score && { logprobNats: score.logprobNats, rank: score.rank };
  return { score: own, entropyNats, logZ, top };
}

interface Tokens {
  readonly nodes: readonly TokenNode[];
  readonly scores: ReadonlyMap<NodeId, ScoredToken>;
}

function readTokens(part: JsonPart, readId: (part: JsonPart) => TokenId): Tokens {
  const nodes: TokenNode[] = [];
  const scores = new Map<NodeId, ScoredToken>();
  for (const [i, item] of readItems(part).entries()) {
    const token = readFields(item, ["id", "parent", "origin", "turn", "role", "part"], ["scored"]);
    const parent = readNullable(token.parent, (value) => readWhole(value, 0, i - 1) as NodeId);
    const node: TokenNode = {
      id: readId(token.id),
      parent,
      position: parent === null ? 0 : (nodes[parent]?.position ?? 0) + 1,
      origin: readWord(token.origin, SESSION_WORDS.origin),
      turn: readWhole(token.turn),
      role: readText(token.role),
      part: readWord(token.part, SESSION_WORDS.part),
    };
    nodes.push(node);
    if (token.scored) scores.set(i as NodeId, readScored(token.scored, node, readId));
  }
  return { nodes, scores };
}

function readScored(
  part: JsonPart,
  { id, position }: TokenNode,
  readId: (part: JsonPart) => TokenId,
): ScoredToken {
  const fields = readFields(part, ["score", "entropyNats", "logZ", "top"]);
  const score = readNullable(fields.score, (own) => {
    const { logprobNats, rank } = readFields(own, ["logprobNats", "rank"]);
    return { logprobNats: readLogprob(logprobNats), rank: readWhole(rank, 1) };
  });
  if ((score === null) !== (position === 0)) {
    throw jsonError(fields.score, position === 0 ? "null, for nothing stands before it" : "there");
  }
  const top = readItems(fields.top).map((row) => readFields(row, ["id", "logprobNats"]));
  if (top.length > KEPT_CANDIDATES) throw jsonError(fields.top, `at most ${KEPT_CANDIDATES} rows`);
  const prediction: Prediction = {
    topIds: Int32Array.from(top, (row) => readId(row.id)),
    topLogprobsNats: Float32Array.from(top, (row) => readLogprob(row.logprobNats)),
    entropyNats: readNumber(fields.entropyNats),
    logZ: readNumber(fields.logZ),
    contextVector: null,
  };
  return { id, score, prediction };
}

function readLogprob(part: JsonPart): number {
  const logprob = readNumber(part);
  if (logprob <= 1e-6) return logprob; // a certain token's may round above 0
  throw jsonError(part, "a log-probability, at most 0");
}

function readTree(
  file: Readonly<Record<"branches" | "activeBranch", JsonPart>>,
  nodes: readonly TokenNode[],
): TokenDocument {
  const branches = readItems(file.branches).map((item, key): Branch => {
    const { tip, name, tools } = readFields(item, ["tip"], ["name", "tools"]);
    const end = readNullable(tip, (part) => readWhole(part, 0, nodes.length - 1) as NodeId);
    return {
      key,
      tip: end,
      ...(name && { name: readText(name) }),
      ...(tools && { tools: readTools(tools) }),
    };
  });
  if (branches.length === 0) throw jsonError(file.branches, "a list of one branch at least");
  return { nodes, branches, activeKey: readWhole(file.activeBranch, 0, branches.length - 1) };
}

function readTools(part: JsonPart): string {
  const text = readText(part, MAX_TOOLS);
  try {
    parseTools(text);
    return text;
  } catch {
    throw jsonError(part, "JSON of tool definitions");
  }
}

function readSpan(part: JsonPart, length: number): { readonly from: number; readonly to: number } {
  const { from, to } = readFields(part, ["from", "to"]);
  const last = readWhole(to, 0, length - 1);
  return { from: readWhole(from, 0, last), to: last };
}

function readRedraw(part: JsonPart): readonly [number, number] {
  const { position, times } = readFields(part, ["position", "times"]);
  return [readWhole(position), readWhole(times, 1)];
}

function recordOf(part: JsonPart): Readonly<Record<string, unknown>> {
  const { value } = part;
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw jsonError(part, "an object");
}

/** What a check of core says of a value, with the value's place. */
function within<T>({ path }: JsonPart, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(`${path} in the file: ${reason}`, { cause: error });
  }
}
