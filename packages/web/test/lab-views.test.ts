import { GREEDY, tokenId } from "@tokenscope/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FIRST_LAB, progressOf } from "../src/store/lab.ts";
import { labAddress } from "../src/views/lab-address.ts";
import {
  type Attachment,
  attachmentAt,
  attachmentBits,
  attachmentLabel,
  attachmentText,
  branchHolding,
  isSamePlace,
  selectionLabel,
} from "../src/views/lab-attachment.ts";
import { labCard } from "../src/views/lab-card.ts";
import { guideString, guideText } from "../src/views/lab-guide.ts";
import { turnMarkers } from "../src/views/lab-markers.ts";
import { BUILT_IN } from "../src/views/lab-parts.ts";
import { joinedText } from "../src/views/lab-typing.ts";
import { worksheet } from "../src/views/lab-worksheet.ts";
import { worksheetHtml } from "../src/views/lab-worksheet-html.ts";
import { worksheetMarkdown } from "../src/views/lab-worksheet-markdown.ts";
import { documentPath } from "../src/views/path.ts";
import { settingsText } from "../src/views/sampling.ts";
import { conversation, historyOf, scoresOf, token, vocabulary } from "./views-document.ts";

const doc = conversation();
const state = {
  ...FIRST_LAB,
  history: historyOf(doc),
  scores: scoresOf(doc),
  vocabulary,
  position: 5, // " dog", 1 bit, rank 3
  span: null,
  documentSha256: "abc",
  model: { kind: "waiting" } as const,
  isRecording: true,
  settings: GREEDY,
  seed: 7,
};

function attached(
  part: Partial<typeof state> | { span: { from: number; to: number } },
): Attachment {
  const attachment = attachmentAt({ ...state, ...part });
  if (attachment === null) throw new Error("nothing was attached");
  return attachment;
}

test("a position keeps its token, its numbers and what was most likely there", () => {
  const attachment = attached({});
  expect(attachment).toMatchObject({
    branch: { key: 0, name: "main" },
    kind: "position",
    from: 5,
    to: 5,
    sha256: "abc",
    conditions: "recorded example, exact; bits raw, T = 1, first token unscored",
  });
  expect(attachment.ids).toEqual([0, 6, 2, 1, 0, 3]);
  expect(attachment.candidates.map(({ id }) => id)).toEqual([3, 2, 5, 1]);
  expect(attachmentLabel(attachment)).toBe("main, position 5");
  expect(attachmentText(attachment)).toBe("“·dog” at 5: p = 0.50, 1.00 bits, rank 3 of 8");
});

test("a span's text gives p and bits of each token, and their sum", () => {
  const attachment = attached({ span: { from: 5, to: 6 } }); // 1 + 3 bits: p = 1/2 and 1/8
  expect(attachmentLabel(attachment)).toBe("main, 5–6");
  expect(attachmentText(attachment)).toBe(
    "5–6: “·dog” p = 0.50, 1.00 bits; “·sat” p = 0.125, 3.00 bits. Together 4.00 bits, 2.00 per token",
  );
  expect(attachment.candidates).toEqual([]);
});

test("where the bits as written miss their total, the text says that they are rounded", () => {
  const tokens = attached({ span: { from: 5, to: 6 } }).tokens.map((token, i) => {
    return { ...token, logprobNats: -[1.838, 1.235][i]! * Math.LN2 }; // 3.073 together
  });
  expect(attachmentText({ ...attached({ span: { from: 5, to: 6 } }), tokens })).toBe(
    "5–6: “·dog” p = 0.28, 1.84 bits; “·sat” p = 0.4248, 1.24 bits. Together 3.07 bits, 1.54 per token (terms rounded)",
  );
});

test("a long span's text has the tokens in one piece", () => {
  const tokens = Array.from(
    { length: 13 },
    () => attached({ span: { from: 5, to: 5 } }).tokens,
  ).flat();
  const text = attachmentText({ ...attached({ span: { from: 5, to: 5 } }), to: 17, tokens });
  expect(text).toBe(`“${"·dog".repeat(13)}” at 5–17: 13.00 bits, 1.00 per token`);
});

test("the first token has no bits, and none is made up", () => {
  const attachment = attached({ position: 0 });
  expect(attachmentText(attachment)).toBe("“<|s|>” at 0: p = n/a, n/a bits, rank n/a");
  expect(attachmentBits(attachment)).toBeNull();
});

test('"next" keeps what was most likely', () => {
  const attachment = attached({ position: 7 });
  expect(attachment.kind).toBe("next");
  expect(attachmentLabel(attachment)).toBe("main, position 7, next");
  expect(attachmentText(attachment)).toBe(
    "Most likely at 7: “·dog” 0.50, “·cat” 0.25, “·sat” 0.125, “<|e|>” 0.0442",
  );
});

test("an empty document has nothing to attach", () => {
  const empty = {
    ...state,
    history: historyOf({ nodes: [], branches: [{ key: 0, tip: null }], activeKey: 0 }),
  };
  expect(attachmentAt(empty)).toBeNull();
  expect(selectionLabel(empty)).toBeNull();
});

test.each([
  [{ position: 5 }, "position 5"],
  [{ position: 7 }, "position 7, next"],
  [{ span: { from: 5, to: 6 } }, "span 5–6"],
])("the button says what it would attach: %o", (part, label) => {
  expect(selectionLabel({ ...state, ...part })).toBe(label);
});

test("an attachment is plain data: JSON gives it back", () => {
  for (const part of [{}, { position: 7 }, { span: { from: 0, to: 6 } }]) {
    const attachment = attached(part);
    const copy: Attachment = JSON.parse(JSON.stringify(attachment));
    expect(JSON.stringify(copy)).toBe(JSON.stringify(attachment));
    expect(isSamePlace(copy, attachment)).toBe(true);
  }
});

test("the branch is found by its tokens, and not where they differ", () => {
  const attachment = attached({ span: { from: 5, to: 6 } });
  expect(branchHolding(doc, attachment)).toBe(0);
  const other = { ...attachment, ids: [...attachment.ids.slice(0, -1), tokenId(7)] };
  expect(branchHolding(doc, other)).toBeNull();
});

test("the markers are those of the path, whatever they are", () => {
  expect(turnMarkers(documentPath(doc), vocabulary)).toEqual({
    userOpens: "<|s|>",
    userEnds: "<|e|>",
    replyOpens: "<|s|>",
  });
});

test("a token that starts the document is no marker of a turn", () => {
  const path = documentPath(doc);
  const start = { ...token(1, { turn: 0, role: "user", part: "open" }), parent: null, position: 0 };
  const [user, reply] = path.turns;
  if (user === undefined || reply === undefined) throw new Error("two turns");
  const longer = {
    ids: path.ids,
    nodes: [start, ...path.nodes],
    turns: [
      {
        ...user,
        contentStart: user.contentStart + 1,
        contentEnd: user.contentEnd + 1,
        end: user.end + 1,
      },
      {
        ...reply,
        start: reply.start + 1,
        contentStart: reply.contentStart + 1,
        contentEnd: reply.contentEnd + 1,
        end: reply.end + 1,
      },
    ],
  };
  expect(turnMarkers(longer, vocabulary)?.userOpens).toBe("<|s|>");
});

test("a path without a closed user's turn names no markers", () => {
  expect(turnMarkers({ ids: [], nodes: [], turns: [] }, vocabulary)).toBeNull();
});

const GEMMA = {
  userOpens: "<start_of_turn>user",
  userEnds: "<end_of_turn>",
  replyOpens: "<start_of_turn>model",
};

test("the guide's text names the model's markers, and marks them as tokens", () => {
  expect(guideText("After {userEnds} comes what?", GEMMA)).toEqual([
    { text: "After ", isMarker: false },
    { text: "<end_of_turn>", isMarker: true },
    { text: " comes what?", isMarker: false },
  ]);
  expect(guideString("{markers}", GEMMA)).toBe(
    "This model opens your turn with <start_of_turn>user, ends it with <end_of_turn> and opens its own with <start_of_turn>model.",
  );
});

test("the built-in guide names who speaks and leaves the end of a turn to be found", () => {
  const task = guideString(BUILT_IN.parts[0]?.task ?? "", GEMMA);
  expect(task).toContain("In this model they are <start_of_turn>user and <start_of_turn>model.");
  expect(task).not.toContain(GEMMA.userEnds);
  expect(guideString("{openers}", null)).toBe("They differ from model to model.");
});

test("a marker that a template does not write is left out, and an unknown model's is not guessed", () => {
  expect(guideString("{markers}", { ...GEMMA, replyOpens: "" })).toBe(
    "This model opens your turn with <start_of_turn>user and ends it with <end_of_turn>.",
  );
  expect(guideString("{markers} {userOpens}", null)).toBe(
    "The model’s markers are named here once it is loaded. its marker",
  );
});

test("the built-in guide has the lab's 2, 5, 3 and 4 questions under their numbers, and no marker of any one model", () => {
  const keys = BUILT_IN.parts.map(({ questions }) => questions.map(({ key }) => key));
  expect(keys).toEqual([
    ["1.1", "1.2"],
    ["2.1", "2.2", "2.3", "2.4", "2.5"],
    ["3.1", "3.2", "3.3"],
    ["4.1", "4.2", "4.3", "4.4"],
  ]);
  expect(JSON.stringify(BUILT_IN)).not.toMatch(/<\||<start|\[INST/);
});

test("white space is no answer", () => {
  const { questions = [] } = BUILT_IN.parts[0] ?? {};
  expect(progressOf(questions, { "1.1": { text: " \n", attachments: [] } })).toEqual({
    answered: 0,
    of: 2,
  });
  expect(progressOf(questions, { "1.1": { text: "x", attachments: [] } })).toEqual({
    answered: 1,
    of: 2,
  });
});

test("the selection goes where the caret is, on a line of its own", () => {
  expect(joinedText("", "x", { from: 0, to: 0 })).toEqual({ text: "x", caret: 1 });
  expect(joinedText("ab", "x", { from: 1, to: 1 })).toEqual({ text: "a\nx\nb", caret: 3 });
  expect(joinedText("a\n\nb", "x", { from: 2, to: 2 })).toEqual({ text: "a\nx\nb", caret: 3 });
});

test("what stood around the caret is kept, and the caret stands after what was added", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(), (answer, added, at) => {
      const from = at % (answer.length + 1);
      const { text, caret } = joinedText(answer, added, { from, to: from });
      expect(text.startsWith(answer.slice(0, from))).toBe(true);
      expect(text.endsWith(answer.slice(from))).toBe(true);
      expect(text.slice(0, caret).endsWith(added)).toBe(true);
    }),
  );
});

test.each([
  ["", "", null],
  ["", "#pos=44&lab=2", { kind: "part", part: 1 }],
  ["?lab=labs/bits.json", "", { kind: "file", url: "labs/bits.json" }],
  ["?lab=labs/bits.json", "#lab=1", { kind: "part", part: 0 }],
  [
    "",
    "#lab=https%3A%2F%2Fexample.org%2Fa.json",
    { kind: "file", url: "https://example.org/a.json" },
  ],
])("the address %o %o asks for %o", (search, hash, asked) => {
  expect(labAddress(search, hash)).toEqual(asked);
});

test("settings are named in the order in which they are applied", () => {
  expect(settingsText({ temperature: 0.8, topK: 0, topP: 0.9, minP: 0.05 })).toBe(
    "temperature 0.8, top-k off, top-p 0.9, min-p 0.05",
  );
});

const answered = {
  ...state,
  lab: {
    ...state.lab,
    author: "Ada",
    sheets: {
      "": {
        "1.1": {
          text: "At <|e|>, *not* before.\n# two lines",
          attachments: [attached({ span: { from: 5, to: 6 } })],
        },
      },
    },
  },
};

test("a worksheet has every question, answered or not, under the conditions of its numbers", () => {
  const sheet = worksheet(answered, "May 1, 2026");
  expect(sheet.facts).toEqual([
    ["Name", "Ada"],
    ["Date", "May 1, 2026"],
    ["Numbers", "recorded example, exact; bits raw, T = 1, first token unscored"],
    ["Settings", "temperature 0 (greedy), top-k off, top-p off, min-p off; seed 7"],
  ]);
  expect(sheet.parts.flatMap(({ questions }) => questions)).toHaveLength(14);
  expect(sheet.parts[0]?.task).toContain("<|s|>");
});

test("the Markdown shows an answer as it was typed, its numbers as a table and its strip as a picture", () => {
  const markdown = worksheetMarkdown(worksheet(answered, "May 1, 2026"));
  expect(markdown).toContain("At \\<\\|e\\|\\>, \\*not\\* before.  \n\\# two lines");
  expect(markdown).toContain("| 5 | ·dog | 50.0 % | 1.00 | 3 of 8 |");
  expect(markdown).toContain("4.00 bits together, 2.00 per token");
  expect(markdown.match(/\*No answer yet\.\*/g)).toHaveLength(13);
  const [, picture = ""] = /base64,([^)]+)\)/.exec(markdown) ?? [];
  const svg = new TextDecoder().decode(Uint8Array.from(atob(picture), (c) => c.charCodeAt(0)));
  expect(svg).toMatch(/^<svg [\s\S]*dog[\s\S]*<\/svg>$/);
});

test("the HTML has the strip as a picture, asks nothing of any server, and what was typed is text in it", () => {
  const sneaky = {
    "1.1": {
      text: "<script>alert(1)</script>",
      attachments: answered.lab.sheets[""]["1.1"].attachments,
    },
  };
  const html = worksheetHtml(
    worksheet({ ...answered, lab: { ...answered.lab, sheets: { "": sneaky } } }, "May 1, 2026"),
  );
  expect(html).toContain("<svg ");
  expect(html).toContain("<td>·sat</td><td>12.5 %</td><td>3.00</td>");
  expect(html).not.toContain("<script");
  expect(html).not.toMatch(/(src|href)=/);
});

test("a card of a lab that nobody began has what it begins with, and the shortest address", () => {
  const start = { system: "Be brief.", user: "Hi", seed: 3, settings: null };
  const guide = { title: "Own", start, parts: [] };
  const page = "http://127.0.0.1:8376/";
  const card = labCard(
    { ...state, lab: { ...state.lab, guide, guideUrl: `${page}labs/own lab.json` } },
    page,
  );
  expect(card.title).toBe("Own");
  expect(card.lines.map(({ value }) => value)).toEqual([
    `${page}?lab=labs/own%20lab.json`,
    "Be brief.",
    "Hi",
    "temperature 0 (greedy), top-k off, top-p off, min-p off",
    "3",
  ]);
});

test("a card with this machine's own address says that it is no other's", () => {
  const warning = (page: string) => labCard(state, page).warning;
  expect(warning("http://127.0.0.1:8611/")).toMatch(/Tokenscope runs on their own machines/);
  expect(warning("http://[::1]:8611/")).toMatch(/--allow-host NAME/);
  expect(warning("http://localhost:8611/tokenscope/")).not.toBe("");
  expect(warning("https://lab.example.edu/tokenscope/")).toBe("");
});

test("a card has the address, what was written and typed as it stands, settings and seed", () => {
  expect(labCard(state, "http://127.0.0.1:8376/").lines).toEqual([
    { label: "Address", value: "http://127.0.0.1:8376/", isTyped: false },
    { label: "user", value: "The cat", isTyped: true },
    {
      label: "Settings",
      value: "temperature 0 (greedy), top-k off, top-p off, min-p off",
      isTyped: false,
    },
    { label: "Seed", value: "7", isTyped: false },
  ]);
});
