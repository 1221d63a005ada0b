// A session as few bytes, for a link: columns of whole numbers, runs where tokens agree. Scores and lab answers stay behind: the model gives the one, and a link is not where the other travels.

import { type ByteReader, type ByteWriter, byteReader, byteWriter } from "./byte-columns.ts";
import type { Branch, NodeId, TokenNode } from "./document.ts";
import type { ModelIdentity } from "./engine.ts";
import { SESSION_WORDS, type Session, type SessionPiece } from "./session.ts";
import { formatSessionFile, parseSessionFile } from "./session-file.ts";
import { type TokenId, tokenId } from "./token.ts";

const SHA256_BYTES = 32;
const { origin: ORIGINS, part: PARTS, precision: PRECISIONS, backend: BACKENDS } = SESSION_WORDS;

/** The bytes of a session, less its scores and lab answers; deterministic, not compressed. */
export function encodeSession(session: Session): Uint8Array {
  const out = byteWriter();
  const { nodes, branches, activeKey } = session.document;
  writeModel(out, session.model);
  out.whole(session.vocabularySize);
  out.whole(nodes.length);
  for (const { id } of nodes) out.whole(id);
  for (const [i, { parent }] of nodes.entries()) out.whole(parent === null ? 0 : i - parent);
  writePlaces(out, nodes);
  writeBranches(out, branches);
  out.whole(branches.findIndex(({ key }) => key === activeKey));
  writeStand(out, session);
  writePieces(out, session.pieces);
  return out.finish();
}

/** The session of these bytes; throws FormatError where they are not what encodeSession writes, or say what a session cannot. */
export function decodeSession(bytes: Uint8Array): Session {
  const input = byteReader(bytes, "the link");
  const model = readModel(input);
  const vocabularySize = input.whole();
  const count = input.whole(bytes.length); // a token takes a byte at least
  const ids = repeat(count, () => tokenId(input.whole()));
  const steps = repeat(count, (i) => input.whole(i));
  const nodes = readPlaces(input, ids, steps);
  const branches = readBranches(input, bytes.length, count);
  const activeKey = input.whole();
  const stand = readStand(input);
  const pieces = readPieces(input);
  input.end();
  const document = { nodes, branches, activeKey };
  const session = { model, vocabularySize, pieces, document, ...stand };
  // The file's reader knows what a session may say: one set of rules for both.
  return parseSessionFile(formatSessionFile({ ...session, scores: new Map(), lab: null }));
}

/** Branches mostly share their tools, whose definitions are long. */
function writeBranches(out: ByteWriter, branches: readonly Branch[]): void {
  const tools = ["", ...new Set(branches.flatMap((branch) => branch.tools ?? []))];
  out.whole(tools.length - 1);
  for (const text of tools.slice(1)) out.text(text);
  out.whole(branches.length);
  for (const branch of branches) {
    out.whole(branch.tip === null ? 0 : branch.tip + 1);
    out.text(branch.name ?? "");
    if (tools.length > 1) out.whole(tools.indexOf(branch.tools ?? ""));
  }
}

function readBranches(input: ByteReader, most: number, nodes: number): readonly Branch[] {
  const tools = ["", ...repeat(input.whole(most), () => input.text())];
  return repeat(input.whole(most), (key): Branch => {
    const tip = input.whole(nodes);
    const name = input.text();
    const text = tools.length > 1 ? tools[input.whole(tools.length - 1)] : "";
    const named = { ...(name && { name }), ...(text && { tools: text }) };
    return { key, tip: tip === 0 ? null : ((tip - 1) as NodeId), ...named };
  });
}

function writeModel(out: ByteWriter, model: ModelIdentity): void {
  out.text(model.id);
  out.bytes(Uint8Array.from(model.sha256.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16)));
  out.text(model.architecture);
  out.text(model.quantization);
  out.whole(PRECISIONS.indexOf(model.precision));
  out.whole(BACKENDS.indexOf(model.backend));
}

function readModel(input: ByteReader): ModelIdentity {
  const id = input.text();
  const digest = input.bytes().subarray(0, SHA256_BYTES);
  return {
    id,
    sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    architecture: input.text(),
    quantization: input.text(),
    precision: wordAt(PRECISIONS, input),
    backend: wordAt(BACKENDS, input),
  };
}

/** What neighbouring tokens nearly always share, as runs: origin and part, turn, role. */
function writePlaces(out: ByteWriter, nodes: readonly TokenNode[]): void {
  const roles = [...new Set(nodes.map(({ role }) => role))];
  out.whole(roles.length);
  for (const role of roles) out.text(role);
  let from = 0;
  while (from < nodes.length) {
    const first = nodes[from];
    if (first === undefined) break;
    let to = from + 1;
    while (to < nodes.length && isSamePlace(first, nodes[to])) to += 1;
    out.whole(to - from);
    out.whole(ORIGINS.indexOf(first.origin) * PARTS.length + PARTS.indexOf(first.part));
    out.whole(first.turn);
    out.whole(roles.indexOf(first.role));
    from = to;
  }
}

function isSamePlace(a: TokenNode, b: TokenNode | undefined): boolean {
  return a.origin === b?.origin && a.part === b.part && a.turn === b.turn && a.role === b.role;
}

function readPlaces(
  input: ByteReader,
  ids: readonly TokenId[],
  steps: readonly number[],
): readonly TokenNode[] {
  const roles = repeat(input.whole(ids.length), () => input.text());
  const nodes: TokenNode[] = [];
  while (nodes.length < ids.length) {
    const run = input.whole(ids.length - nodes.length);
    const word = input.whole(ORIGINS.length * PARTS.length - 1);
    const place = {
      origin: ORIGINS[Math.floor(word / PARTS.length)] ?? "template",
      part: PARTS[word % PARTS.length] ?? "content",
      turn: input.whole(),
      role: roles[input.whole(roles.length - 1)] ?? "",
    };
    for (let i = 0; i < Math.max(1, run); i += 1) {
      const at = nodes.length;
      const step = steps[at] ?? 0;
      const parent = step === 0 ? null : ((at - step) as NodeId);
      const position = parent === null ? 0 : (nodes[parent]?.position ?? 0) + 1;
      nodes.push({ id: ids[at] ?? tokenId(0), parent, position, ...place });
    }
  }
  return nodes;
}

type Stand = Pick<Session, "position" | "span" | "view" | "settings" | "seed" | "redraws" | "pins">;

function writeStand(out: ByteWriter, session: Stand): void {
  const { position, span, view, settings, seed, redraws, pins } = session;
  out.whole(position);
  out.whole(span === null ? 0 : span.from + 1);
  if (span !== null) out.whole(span.to - span.from);
  out.whole(SESSION_WORDS.view.indexOf(view));
  const { temperature, topK, topP, minP } = settings;
  for (const value of [temperature, topK, topP, minP, seed]) out.text(String(value)); // the shortest text that gives the number back
  out.whole(redraws.size);
  for (const [at, times] of redraws) {
    out.whole(at);
    out.whole(times);
  }
  out.whole(pins.length);
  for (const id of pins) out.whole(id);
}

function readStand(input: ByteReader): Stand {
  const position = input.whole();
  const from = input.whole() - 1;
  const span = from < 0 ? null : { from, to: from + input.whole() };
  const view = wordAt(SESSION_WORDS.view, input);
  const number = (): number => Number(input.text());
  const settings = { temperature: number(), topK: number(), topP: number(), minP: number() };
  const seed = number();
  const redraws = new Map(
    repeat(input.whole(), () => {
      const at = input.whole();
      return [at, input.whole()] as const;
    }),
  );
  const pins = repeat(input.whole(), () => tokenId(input.whole()));
  return { position, span, view, settings, seed, redraws, pins };
}

function writePieces(out: ByteWriter, pieces: Session["pieces"]): void {
  out.whole(pieces.size);
  for (const [id, { bytes, isSpecial }] of pieces) {
    out.whole(2 * id + (isSpecial ? 1 : 0));
    out.bytes(bytes);
  }
}

function readPieces(input: ByteReader): Session["pieces"] {
  return new Map(
    repeat(input.whole(), (): readonly [TokenId, SessionPiece] => {
      const coded = input.whole();
      return [tokenId(Math.floor(coded / 2)), { isSpecial: coded % 2 === 1, bytes: input.bytes() }];
    }),
  );
}

function wordAt<T extends string>(words: readonly T[], input: ByteReader): T {
  const word = words[input.whole(words.length - 1)];
  if (word === undefined) throw new RangeError("wordAt: the reader let a code through");
  return word;
}

/** What `make` gives for 0, 1, ... one after another; stops by make's own error where the bytes end. */
function repeat<T>(count: number, make: (i: number) => T): readonly T[] {
  const made: T[] = [];
  for (let i = 0; i < count; i += 1) made.push(make(i));
  return made;
}
