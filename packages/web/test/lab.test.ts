import { tokenId } from "@tokenscope/core";
import { expect, test } from "vitest";
import { answerTo, sheetOf } from "../src/store/lab.ts";
import { activeDocumentPath } from "../src/views/path.ts";
import { generating, idsOf, openPage, type Page, textOf } from "./store-model.ts";

const answer = (page: Page, question = "1.1") => answerTo(sheetOf(page.state().lab), question);
const chosen = (character: string) => tokenId(character.charCodeAt(0));

test("an answer is kept as it is typed, each question's apart", async () => {
  const page = await openPage("Hi");
  page.actions.setLabAnswer("1.1", "Here");
  page.actions.setLabAnswer("1.2", "There");
  expect(answer(page).text).toBe("Here");
  expect(answer(page, "1.2").text).toBe("There");
  expect(answer(page, "1.3")).toEqual({ text: "", attachments: [] });
});

test("attaching the same place twice keeps it once, and taking it off leaves the text", async () => {
  const page = await openPage("Hi");
  page.actions.setLabAnswer("1.1", "Here");
  page.actions.moveTo(3);
  page.actions.attachSelection("1.1");
  page.actions.attachSelection("1.1");
  const [attachment] = answer(page).attachments;
  if (attachment === undefined) throw new Error("nothing was attached");
  expect(answer(page).attachments).toHaveLength(1);
  page.actions.detach("1.1", attachment);
  expect(answer(page)).toEqual({ text: "Here", attachments: [] });
});

test("a chip goes back to its branch and span from another branch", async () => {
  const page = await openPage("Hi");
  const start = idsOf(page.state()).length;
  for (const character of "Yes") {
    page.actions.choose(chosen(character), "chosen");
    await page.quiet();
  }
  page.actions.selectSpan({ from: start, to: start + 2 });
  page.actions.attachSelection("2.1");
  page.actions.moveTo(start);
  page.actions.choose(chosen("N"), "forced");
  await page.quiet();
  expect(textOf(page.state()).endsWith("N")).toBe(true);

  const [attachment] = answer(page, "2.1").attachments;
  if (attachment === undefined) throw new Error("nothing was attached");
  page.actions.goToAttachment(attachment);
  expect(textOf(page.state()).endsWith("Yes")).toBe(true);
  expect(page.state()).toMatchObject({
    position: start,
    span: { from: start, to: start + 2 },
    problem: null,
  });
});

test("a chip brings back the whole branch of a conversation that was left, and Undo takes it away again", async () => {
  const page = await openPage("Hi");
  const whole = textOf(page.state());
  page.actions.moveTo(4);
  page.actions.attachSelection("1.1");
  page.actions.startNew();
  await page.quiet();
  expect(idsOf(page.state())).toEqual([]);

  const [attachment] = answer(page).attachments;
  if (attachment === undefined) throw new Error("nothing was attached");
  page.actions.goToAttachment(attachment);
  await page.quiet();
  expect(textOf(page.state())).toBe(whole);
  expect(page.state().position).toBe(4);
  page.actions.undo();
  expect(activeDocumentPath(page.state().history.present).nodes).toEqual([]);
});

test("a chip of another model's tokens says so and moves nothing", async () => {
  const page = await openPage("Hi");
  page.actions.attachSelection("1.1");
  const [attachment] = answer(page).attachments;
  if (attachment === undefined) throw new Error("nothing was attached");
  page.actions.moveTo(2);
  page.actions.goToAttachment({ ...attachment, sha256: "another" });
  expect(page.state().position).toBe(2);
  expect(page.state().problem).toMatch(/attached under another model/);
});

test("a chip whose branch is nowhere on the page says so, and one off screen waits for the end of a generation", async () => {
  const page = await openPage("Hi");
  const last = idsOf(page.state()).length - 1; // within the reply's opening: the message stands before it
  page.actions.moveTo(last);
  page.actions.attachSelection("1.1");
  const [attachment] = answer(page).attachments;
  if (attachment === undefined) throw new Error("nothing was attached");
  page.actions.goToAttachment({ ...attachment, ids: [...attachment.ids.slice(1), chosen("?")] });
  expect(page.state().problem).toMatch(/not on the page any more/);

  page.actions.startNew();
  page.actions.setMessage("Ho");
  page.actions.endTurn();
  await page.quiet();
  await generating(page, 2);
  page.actions.goToAttachment(attachment);
  expect(page.state().problem).toMatch(/stop the generation/);
  await page.quiet();
  page.actions.goToAttachment(attachment);
  expect(page.state().position).toBe(last);
  expect(textOf(page.state())).toContain("Hi");
});

test("another guide has a sheet of its own, and the first one's answers are still there", async () => {
  const page = await openPage("Hi");
  const guide = { title: "Own", start: null, parts: [] };
  page.actions.setLabAnswer("1.1", "built in");
  page.actions.openLabGuide(guide, "https://models.example/own.json");
  expect(page.state()).toMatchObject({ isLabOpen: true });
  expect(answer(page).text).toBe("");
  page.actions.setLabAnswer("1.1", "own");
  page.actions.openLabGuide(null);
  expect(answer(page).text).toBe("built in");
  page.actions.openLabGuide(guide);
  expect(answer(page).text).toBe("own");
});

test("a file may name a question and itself as Object's own are named", async () => {
  const page = await openPage();
  page.actions.openLabGuide({ title: "constructor", start: null, parts: [] });
  expect(answer(page, "__proto__")).toEqual({ text: "", attachments: [] });
  page.actions.setLabAnswer("__proto__", "x");
  expect(answer(page, "__proto__").text).toBe("x");
});

test("the same guide opened again stays on its part, another begins with its first", async () => {
  const page = await openPage();
  const guide = { title: "Own", start: null, parts: [] };
  page.actions.openLabGuide(guide);
  page.actions.openLabPart(1);
  page.actions.openLabGuide({ ...guide });
  expect(page.state().lab.openPart).toBe(1);
  page.actions.openLabGuide(null);
  expect(page.state().lab.openPart).toBe(0);
});

test("a lab begins with its settings, its seed and the system prompt, then the message", async () => {
  const page = await openPage();
  const settings = { temperature: 0.5, topK: 0, topP: 1, minP: 0 };
  const start = { system: "Be brief.", user: "Hi", seed: 9, settings };
  page.actions.beginLab(start);
  expect(page.state()).toMatchObject({ role: "system", message: "Be brief.", seed: 9, settings });
  page.actions.endTurn();
  await page.quiet();
  page.actions.beginLab(start);
  expect(page.state()).toMatchObject({ role: "user", message: "Hi" });
});

test("the open guide asks the model for its markers, once and without running it", async () => {
  const page = await openPage();
  expect(page.state().markers).toBeNull();
  const { modelRuns } = page.state().counts;
  page.actions.toggleLab();
  await page.quiet();
  expect(page.state().markers?.markers).toEqual({
    userOpens: "<|im_start|>user",
    userEnds: "<|im_end|>",
    replyOpens: "<|im_start|>assistant",
  });
  const asked = page.model.calls.length;
  page.actions.toggleLab();
  page.actions.toggleLab();
  await page.quiet();
  expect(page.model.calls).toHaveLength(asked);
  expect(page.state().counts.modelRuns).toBe(modelRuns);
});
