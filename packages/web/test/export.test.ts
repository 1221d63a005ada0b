import { type ModelIdentity, TOKEN_CSV_COLUMNS, tokenId } from "@tokenscope/core";
import papaparse from "papaparse";
import { expect, test } from "vitest";
import { chartPicture } from "../src/views/chart-picture.ts";
import { cliCommands } from "../src/views/cli-command.ts";
import { captionText, exportRanges, fileName } from "../src/views/export-range.ts";
import { exportCsv, exportJson } from "../src/views/export-table.ts";
import { documentPath } from "../src/views/path.ts";
import { lightToken } from "../src/views/picture-palette.ts";
import { pictureTurns } from "../src/views/strip-picture.ts";
import { conversation, historyOf, scoresOf, vocabulary } from "./views-document.ts";

const MODEL: ModelIdentity = {
  id: "toy-q4_1",
  sha256: "0123456789abcdef".repeat(4),
  architecture: "toy",
  quantization: "Q4_1",
  precision: "exact",
  backend: "wasm",
};
const GREEDY = { temperature: 0, topK: 0, topP: 1, minP: 0 };

const doc = conversation();
const path = documentPath(doc);
const scores = scoresOf(doc);
const whole = { from: 0, to: 6 };
const parts = { path, scores, vocabulary, model: MODEL, span: whole };

function rowsOf(csv: string): readonly Readonly<Record<string, string>>[] {
  expect(csv.startsWith("\ufeff")).toBe(true);
  const { data, errors } = papaparse.parse(csv.slice(1), { header: true, skipEmptyLines: true });
  expect(errors).toEqual([]);
  return data;
}

test("a table has one row a token, with p, bits and rank as on paper and the model in each", () => {
  const rows = rowsOf(exportCsv(parts));
  expect(rows).toHaveLength(7);
  // " cat" at position 2: 2 bits, so p = 1/4; rank 5 by the fixture
  expect(rows[2]).toMatchObject({
    textIndex: "0",
    tokenIndex: "2",
    tokenId: "2",
    token: " cat",
    bytesHex: "20636174",
    special: "false",
    role: "user",
    origin: "typed",
    p: "0.25",
    surprisalBits: "2",
    straddles: "false",
    rank: "5",
    top1Token: " dog",
    top5Token: "",
    model: "toy-q4_1",
    precision: "exact",
    backend: "wasm",
  });
  expect(Number(rows[2]?.["top1P"])).toBeCloseTo(0.5);
  expect(rows[0]).toMatchObject({
    p: "",
    surprisalBits: "",
    rank: "",
    entropyBits: "",
    top1TokenId: "",
  });
  expect(rows[6]).toMatchObject({ origin: "forced", part: "content" });
});

test("a table begins with the columns of the command line, in their order", () => {
  const [headings = ""] = exportCsv(parts).slice(1).split("\r\n");
  const names = headings.split(",");
  expect(names.slice(0, TOKEN_CSV_COLUMNS.length)).toEqual([...TOKEN_CSV_COLUMNS]);
  expect(new Set(names).size).toBe(names.length);
});

test("quotes, commas and line breaks in tokens come back from the table as they were", () => {
  const odd = ['"', ",", "\n", "\r\n", "=1+1", " é"];
  const table = {
    ...vocabulary,
    bytes: (id: number) => new TextEncoder().encode(odd[id % odd.length]),
  };
  const rows = rowsOf(exportCsv({ ...parts, vocabulary: table }));
  expect(rows.map((row) => row["token"])).toEqual(path.nodes.map(({ id }) => odd[id % odd.length]));
});

test("half a character has no text in the table, and its bytes are there", () => {
  const half = { ...vocabulary, bytes: () => Uint8Array.of(0xe2, 0x81) };
  const [row] = rowsOf(exportCsv({ ...parts, vocabulary: half }));
  expect(row).toMatchObject({ token: "", bytesHex: "e281" });
});

test("a range has its own rows and keeps their positions", () => {
  const rows = rowsOf(exportCsv({ ...parts, span: { from: 5, to: 6 } }));
  expect(rows.map((row) => row["tokenIndex"])).toEqual(["5", "6"]);
  expect(Number(rows[0]?.["p"])).toBeCloseTo(0.5);
});

test("JSON is the command line's object, with places, settings and seed", () => {
  const json = exportJson({ ...parts, span: { from: 4, to: 6 } }, { settings: GREEDY, seed: 9 });
  expect(json.model).toEqual(MODEL);
  expect(json.conventions).toEqual({ firstToken: "unscored", startTokenId: null });
  expect(json.tokens.map(({ index, origin }) => [index, origin])).toEqual([
    [4, "template"],
    [5, "greedy"],
    [6, "forced"],
  ]);
  expect(json.tokens[2]?.surprisalBits).toBeCloseTo(3);
  expect(json.summary).toMatchObject({ tokens: 3, scoredTokens: 3, totalBits: 4 });
  expect(json.document).toMatchObject({ range: { from: 4, to: 6 }, settings: GREEDY, seed: 9 });
  expect(json.document.places[1]).toEqual({ turn: 1, role: "assistant", part: "content" });
});

test("the ranges are the branch, the reply from its first word, and the span where there is one", () => {
  const history = historyOf(doc);
  const spans = (span: { from: number; to: number } | null) =>
    exportRanges({ history, span }).map((range) => range.span);
  expect(spans(null)).toEqual([whole, { from: 5, to: 6 }, null]);
  expect(spans({ from: 1, to: 2 })[2]).toEqual({ from: 1, to: 2 });
  expect(exportRanges({ history, span: { from: 1, to: 2 } })[2]?.label).toBe("Span 1–2");
});

test("a caption says positions, model, precision and backend", () => {
  const state = { model: { kind: "waiting" }, documentModel: MODEL } as const;
  expect(captionText({ from: 0, to: 6 }, state)).toBe(
    "Positions 0–6 · toy-q4_1 (sha256 0123456789ab), exact, wasm · bits raw, T = 1, first token unscored",
  );
  expect(captionText({ from: 3, to: 3 }, { ...state, documentModel: null })).toBe(
    "Position 3 · bits raw, T = 1, first token unscored",
  );
});

test("a file is named after the conversation's first words", () => {
  expect(fileName("Write a story about a dragon.", "reply.csv")).toBe(
    "write-a-story-about-a-dragon-reply.csv",
  );
  expect(fileName("日本語?", "span.svg")).toBe("日本語-span.svg");
  expect(fileName("…", "span.svg")).toBe("conversation-span.svg");
});

test("the chart's axis ends at a round number, and a bar of half of it is half as high", () => {
  const tokens = pictureTurns(path, scores, vocabulary, whole).flatMap((turn) => turn.tokens);
  const svg = chartPicture(tokens, { caption: "Seven tokens" });
  // the most is 4 bits, so the axis ends at 4 over 200 px: 2 bits are 100 px
  expect(svg).toContain(`height="100" fill="${lightToken("mark")}"`);
  expect(svg).toContain(`height="200" fill="${lightToken("mark")}"`);
  expect(svg.match(/stroke-dasharray="3 2"/g)).toHaveLength(1); // the first token
  expect(svg).toContain("a die, 2.58");
  expect(svg).toContain("&lt;|s|&gt;");
  expect(chartPicture([], { caption: "" })).toContain("</svg>");
});

test("a long chart keeps its bars apart from its words: no token is named where a bar is thin", () => {
  const [token] = pictureTurns(path, scores, vocabulary, { from: 2, to: 2 }).flatMap(
    (t) => t.tokens,
  );
  if (token === undefined) throw new Error("there is no token");
  const many = Array.from({ length: 300 }, (_, position) => ({ ...token, position }));
  const svg = chartPicture(many, { caption: "" });
  expect(svg).not.toContain("rotate(90)");
  expect(svg.match(/<g>/g)).toHaveLength(300);
});

const inputs = {
  path,
  model: MODEL,
  settings: GREEDY,
  seed: 1,
  redraws: new Map<number, number>(),
};

test("the commands carry ids, model, precision, settings and seed, and say whether the reply comes again", () => {
  const [score, generate] = cliCommands(inputs);
  expect(score?.command).toBe(
    "npx tokenscope score --ids 0,6,2,1,0,3,5 --start-token none --model toy-q4_1 --precision exact",
  );
  expect(generate?.command).toBe(
    "npx tokenscope generate --ids 0,6,2,1,0 --max-tokens 2 --temperature 0 --top-k 0 --top-p 1 --min-p 0 --seed 1 --start-token none --model toy-q4_1 --precision exact",
  );
  expect(generate?.does).toContain("1 of the 2 tokens here came another way");
  const greedy = {
    ...path,
    nodes: path.nodes.map(
      (n) => ({ ...n, origin: n.position > 4 ? "greedy" : n.origin }) as typeof n,
    ),
  };
  expect(cliCommands({ ...inputs, path: greedy })[1]?.does).toBe(
    "Writes this reply again: same prompt, settings and seed.",
  );
  const again = cliCommands({ ...inputs, path: greedy, redraws: new Map([[5, 1]]) })[1]?.does;
  expect(again).toContain("drawn again");
});

test("a model's name with a space is quoted for the shell, and an empty page has no command", () => {
  const model = { ...MODEL, id: "my model's" };
  expect(cliCommands({ ...inputs, model })[0]?.command).toContain("--model 'my model'\\''s'");
  expect(cliCommands({ ...inputs, path: { ids: [], nodes: [], turns: [] } })).toEqual([]);
  expect(tokenId(0)).toBe(0);
});
