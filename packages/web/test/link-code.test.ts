import {
  emptyDocument,
  extend,
  FormatError,
  piecesOf,
  type Session,
  tokenId,
} from "@tokenscope/core";
import { toyVocabulary } from "@tokenscope/core/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  holdsSession,
  MAX_LINK_CHARACTERS,
  parseSessionLink,
  sessionLink,
} from "../src/views/link-code.ts";

const PAGE = "https://example.org/scope/?x=1";

function sessionOfBytes(bytes: readonly number[], more: Partial<Session> = {}): Session {
  const document = extend(
    emptyDocument(),
    bytes.map((id) => ({
      id: tokenId(id),
      origin: "typed",
      turn: 0,
      role: "user",
      part: "content",
    })),
  );
  return {
    model: {
      id: "toy",
      sha256: "ab".repeat(32),
      architecture: "toy",
      quantization: "F32",
      precision: "compact",
      backend: "webgpu",
    },
    vocabularySize: toyVocabulary.size,
    pieces: more.pieces ?? piecesOf(document, toyVocabulary),
    document,
    scores: new Map(),
    position: bytes.length,
    span: null,
    view: "after",
    settings: { temperature: 0.7, topK: 0, topP: 0.9, minP: 0 },
    seed: -3,
    redraws: new Map([[4, 2]]),
    pins: [tokenId(9)],
    lab: null,
    ...more,
  };
}

test("a link gives back the session, on the page it was made for and in no part that a server sees", async () => {
  const session = sessionOfBytes([72, 105]);
  const link = await sessionLink(session, PAGE);
  expect(link.startsWith(`${PAGE}#session=1.`)).toBe(true);
  expect(link).toMatch(/#session=1\.[\w-]+$/);
  expect(await parseSessionLink(link)).toEqual(session);
  expect(await parseSessionLink(`  ${link}\n`)).toEqual(session);
  expect(holdsSession(link)).toBe(true);
  expect(holdsSession("#pos=4")).toBe(false);
});

test("whatever the bytes of its tokens, a link gives them back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 255 }), { maxLength: 60 }), async (bytes) => {
      const session = sessionOfBytes(bytes);
      expect(await parseSessionLink(await sessionLink(session, PAGE))).toEqual(session);
    }),
    { numRuns: 60 },
  );
});

test("a link that the tokens' own text would make too long leaves it out; a longer one is for a file", async () => {
  const random = fc.sample(fc.nat({ max: 65_000 }), { numRuns: 2_200, seed: 1 });
  const pieces = new Map(
    random.map((id) => {
      const bytes = Uint8Array.from(fc.sample(fc.nat({ max: 255 }), { numRuns: 6, seed: id }));
      return [tokenId(id), { bytes, isSpecial: false }] as const;
    }),
  );
  const long = sessionOfBytes(random, { vocabularySize: 65_001, pieces });
  const link = await sessionLink(long, PAGE);
  expect(link.length).toBeLessThan(MAX_LINK_CHARACTERS);
  const back = await parseSessionLink(link);
  expect(back.document).toEqual(long.document);
  expect(back.pieces.size).toBe(0);
  const longer = sessionOfBytes([...random, ...random.toReversed()], {
    vocabularySize: 65_001,
    pieces,
  });
  expect((await sessionLink(longer, PAGE)).length).toBeGreaterThan(MAX_LINK_CHARACTERS);
});

test("a cut, changed or foreign link is refused in a sentence", async () => {
  const link = await sessionLink(sessionOfBytes([72, 105, 33]), PAGE);
  await expect(parseSessionLink(link.slice(0, -9))).rejects.toThrow(FormatError);
  await expect(parseSessionLink(`${link.slice(0, -4)}%%%%`)).rejects.toThrow("cut or changed");
  await expect(parseSessionLink("https://example.org/#pos=3")).rejects.toThrow(
    "the link has no conversation in it",
  );
  await expect(parseSessionLink("#session=2.abc")).rejects.toThrow(
    "the link has version 2 and this Tokenscope reads 1",
  );
});
