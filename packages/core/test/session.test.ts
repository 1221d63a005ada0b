import {
  branchAt,
  decodeSession,
  emptyDocument,
  encodeSession,
  extend,
  FormatError,
  formatSessionFile,
  type NewToken,
  type NodeId,
  newConversation,
  openBranch,
  parseSessionFile,
  piecesOf,
  prunedDocument,
  type Session,
  sessionVocabulary,
  setBranchTools,
  type TokenDocument,
  tokenId,
} from "@tokenscope/core";
import { toyVocabulary } from "@tokenscope/core/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";

const MODEL = {
  id: "toy",
  sha256: "0123456789abcdef".repeat(4),
  architecture: "toy",
  quantization: "F32",
  precision: "exact",
  backend: "wasm",
} as const;

const token = (id: number, more: Partial<NewToken> = {}): NewToken => ({
  id: tokenId(id),
  origin: "typed",
  turn: 0,
  role: "user",
  part: "content",
  ...more,
});

/** "Hi" and a forced "!" beside a greedy "?": bytes 72 105 | 33 | 63. */
function twoBranches(): TokenDocument {
  const hi = extend(emptyDocument(), [token(72), token(105), token(63, { origin: "greedy" })]);
  return branchAt(hi, 2, [token(33, { origin: "forced" })]);
}

function sessionOf(document: TokenDocument, more: Partial<Session> = {}): Session {
  return {
    model: MODEL,
    vocabularySize: toyVocabulary.size,
    pieces: piecesOf(document, toyVocabulary),
    document,
    scores: new Map(),
    position: 0,
    span: null,
    view: "raw",
    settings: { temperature: 0.7, topK: 40, topP: 0.95, minP: 0.05 },
    seed: 376,
    redraws: new Map(),
    pins: [],
    lab: null,
    ...more,
  };
}

const scored: Session["scores"] = new Map([
  [
    1 as NodeId,
    {
      id: tokenId(105),
      score: { logprobNats: -0.1234567890123, rank: 2 },
      prediction: {
        topIds: Int32Array.from([63, 33]),
        topLogprobsNats: Float32Array.from([-0.5, -1.25]),
        entropyNats: 1.5,
        logZ: 12.25,
        contextVector: null,
      },
    },
  ],
]);

const newToken = fc.record({
  id: fc.nat({ max: 258 }).map(tokenId),
  origin: fc.constantFrom("template", "typed", "greedy", "sampled", "chosen", "forced"),
  turn: fc.nat({ max: 5 }),
  role: fc.oneof(fc.constantFrom("system", "user", "assistant"), fc.string()),
  part: fc.constantFrom("open", "content", "close"),
}) as fc.Arbitrary<NewToken>;

/** Documents as a person makes them: tokens written, and branches begun at any place. */
const documents = fc
  .array(fc.record({ tokens: fc.array(newToken, { maxLength: 8 }), at: fc.nat() }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((steps) =>
    steps.reduce((doc, { tokens, at }) => {
      const tip = doc.branches.find(({ key }) => key === doc.activeKey)?.tip ?? null;
      const length = tip === null ? 0 : (doc.nodes[tip]?.position ?? 0) + 1;
      return at % 3 === 0 ? extend(doc, tokens) : branchAt(doc, at % (length + 1), tokens);
    }, emptyDocument()),
  );

const sessions = fc
  .record({
    doc: documents,
    names: fc.array(fc.option(fc.string({ minLength: 1, maxLength: 40 }), { nil: undefined })),
    at: fc.nat(),
    width: fc.nat({ max: 9 }),
    hasSpan: fc.boolean(),
    hasPieces: fc.boolean(),
    view: fc.constantFrom("raw", "after") as fc.Arbitrary<Session["view"]>,
    settings: fc.record({
      temperature: fc.double({ min: 0, max: 100, noNaN: true }),
      topK: fc.nat(),
      topP: fc.double({ min: 0.001, max: 1, noNaN: true }),
      minP: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    seed: fc.maxSafeInteger(),
    redraws: fc.uniqueArray(fc.nat(), { maxLength: 4 }),
    pins: fc.array(fc.nat({ max: 258 }).map(tokenId), { maxLength: 5 }),
  })
  .map(({ doc, names, at, width, hasSpan, hasPieces, redraws, ...rest }): Session => {
    const { document } = prunedDocument(doc);
    const branches = document.branches.map((branch, i) => {
      const name = names[i];
      return name === undefined ? branch : { ...branch, name };
    });
    const tip = branches[document.activeKey]?.tip ?? null;
    const length = tip === null ? 0 : (document.nodes[tip]?.position ?? 0) + 1;
    const from = length === 0 ? 0 : at % length;
    return sessionOf(
      { ...document, branches },
      {
        ...rest,
        seed: rest.seed + 0,
        settings: {
          ...rest.settings,
          temperature: rest.settings.temperature + 0,
          minP: rest.settings.minP + 0,
        },
        position: at % (length + 1),
        span: hasSpan && length > 0 ? { from, to: Math.min(length - 1, from + width) } : null,
        redraws: new Map(redraws.map((position, i) => [position, i + 1])),
        ...(hasPieces ? {} : { pieces: new Map() }),
      },
    );
  });

test("a file gives back the session that was written, scores and lab answers too", () => {
  const session = sessionOf(twoBranches(), {
    scores: scored,
    position: 3,
    span: { from: 1, to: 2 },
    redraws: new Map([[2, 3]]),
    pins: [tokenId(65)],
    lab: { answers: ["a < b"] },
  });
  const text = formatSessionFile(session);
  expect(parseSessionFile(text)).toEqual(session);
  expect(formatSessionFile(parseSessionFile(text))).toBe(text);
});

test("whatever a person made, a file and a link give it back", () => {
  fc.assert(
    fc.property(sessions, (session) => {
      expect(parseSessionFile(formatSessionFile(session))).toEqual(session);
      expect(decodeSession(encodeSession(session))).toEqual(session);
    }),
    { numRuns: 300 },
  );
});

test("a link leaves scores and lab answers out", () => {
  const whole = sessionOf(twoBranches(), { scores: scored, lab: { answers: ["mine"] } });
  const { scores, lab } = decodeSession(encodeSession(whole));
  expect(scores.size).toBe(0);
  expect(lab).toBeNull();
});

test("a link of a conversation of 100 tokens takes two bytes a token and its words", () => {
  const tokens = Array.from({ length: 100 }, (_, i) => token(128 + i));
  const session = sessionOf(extend(emptyDocument(), tokens), {
    vocabularySize: 49_152,
    pieces: new Map(),
  });
  // 2 bytes an id and 1 a parent; the rest is the model (59 bytes), one run, one branch and the settings
  expect(encodeSession(session).length).toBeLessThan(300 + 120);
});

test("bytes that are no session are refused with a FormatError, whatever they are", () => {
  const good = encodeSession(sessionOf(twoBranches()));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(),
      fc.nat({ max: 255 }),
      (odd, at, byte) => {
        for (const bytes of [odd, good.slice(0, at % good.length), changed(good, at, byte)]) {
          try {
            decodeSession(bytes); // a changed byte may say another session
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(() => decodeSession(good.slice(0, 40))).toThrow(
    /^the link ends too early at byte \d+ of 40; copy it again, whole$/,
  );
  expect(() => decodeSession(Uint8Array.from([...good, 0]))).toThrow("the link goes on at byte");
});

function changed(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = bytes.slice();
  copy[at % copy.length] = byte;
  return copy;
}

test("a damaged file is refused with the place, the value and what was allowed", () => {
  const file = JSON.parse(formatSessionFile(sessionOf(twoBranches(), { scores: scored })));
  const broken = (change: (file: Record<string, never>) => void): string => {
    const copy = structuredClone(file);
    change(copy);
    try {
      parseSessionFile(JSON.stringify(copy));
    } catch (error) {
      if (error instanceof FormatError) return error.message;
    }
    return "it was read";
  };
  const remedy = "; open a file as Tokenscope saved it";
  const set = (path: string, value: unknown) => (copy: Record<string, never>) => {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    const parent = keys.reduce((at: Record<string, never>, key) => at[key]!, copy);
    (parent as Record<string, unknown>)[last] = value;
  };
  expect(broken(set("tokens.1.parent", 7))).toBe(
    `tokens[1].parent in the file is 7 and must be a whole number from 0 to 0${remedy}`,
  );
  expect(broken(set("tokens.0.parent", 0))).toContain("must be null, for there is nothing to name");
  expect(broken(set("tokens.0.id", 999))).toContain("a whole number from 0 to 258");
  expect(broken(set("tokens.2.origin", "stolen"))).toContain(
    'tokens[2].origin in the file is "stolen" and must be "template" or "typed"',
  );
  expect(broken(set("tokens.1.scored.score.rank", 0))).toContain("tokens[1].scored.score.rank");
  expect(broken(set("tokens.1.scored.score", null))).toContain("must be there");
  expect(broken(set("tokens.1.scored.top.0.logprobNats", 2))).toContain(
    "a log-probability, at most 0",
  );
  expect(broken(set("settings.topP", 2))).toContain("settings in the file: top-p 2 is not allowed");
  expect(broken(set("seed", "x"))).toContain('seed in the file: seed "x" is not a whole number');
  expect(broken(set("model.sha256", "abc"))).toContain("64 hexadecimal digits");
  expect(broken(set("branches", []))).toContain("a list of one branch at least");
  expect(broken(set("activeBranch", 2))).toContain("a whole number from 0 to 1");
  expect(broken(set("position", 4))).toContain("a whole number from 0 to 3");
  expect(broken(set("span", { from: 2, to: 1 }))).toContain("span.from in the file is 2");
  expect(broken(set("colour", "red"))).toContain('a key of the top in the file is "colour"');
  expect(broken((copy) => delete copy["seed"])).toContain(
    "seed in the file is undefined and must be there",
  );
  expect(broken(set("version", 2))).toBe(
    "version in the file is 2 and this Tokenscope reads 1; open it in a newer Tokenscope",
  );
  expect(broken(set("format", "other"))).toContain('must be "tokenscope-session"');
  expect(() => parseSessionFile("{")).toThrow("the file is no JSON");
  expect(() => parseSessionFile("null")).toThrow(FormatError);
});

test("other conversations and undone versions stay out, and the branches keep their paths", () => {
  const first = extend(emptyDocument(), [token(1), token(2)]);
  const second = extend(newConversation(first), [token(3), token(4)]);
  const both = branchAt(second, 1, [token(5)]);
  const { document, kept } = prunedDocument(both);
  expect(kept).toEqual([2, 3, 4]);
  expect(document.nodes.map(({ id, parent }) => [id, parent])).toEqual([
    [3, null],
    [4, 0],
    [5, 0],
  ]);
  expect(document.branches).toEqual([
    { key: 0, tip: 1 },
    { key: 1, tip: 2 },
  ]);
  expect(document.activeKey).toBe(1);
  expect(prunedDocument(openBranch(emptyDocument(), null)).document).toEqual(emptyDocument());
});

test("a session reads without its model: its own tokens by their bytes, others by their ids", () => {
  const session = sessionOf(twoBranches());
  const vocabulary = sessionVocabulary(session);
  expect(vocabulary.size).toBe(toyVocabulary.size);
  expect(vocabulary.bytes(tokenId(72))).toEqual(toyVocabulary.bytes(tokenId(72)));
  expect(new TextDecoder().decode(vocabulary.bytes(tokenId(7)))).toBe("#7");
  expect(vocabulary.isSpecial(tokenId(7))).toBe(false);
});

test("each branch's tools come back from a file and from a link", () => {
  const tools = '[{"type":"function","function":{"name":"f"}}]';
  const document = setBranchTools(twoBranches(), tools);
  const session = sessionOf(document);
  for (const again of [
    parseSessionFile(formatSessionFile(session)),
    decodeSession(encodeSession(session)),
  ]) {
    expect(again.document.branches.map((branch) => branch.tools)).toEqual([undefined, tools]);
  }
  const broken = formatSessionFile(session).replace('\\"function\\":{', '\\"function\\":[');
  expect(() => parseSessionFile(broken)).toThrow("JSON of tool definitions");
});
