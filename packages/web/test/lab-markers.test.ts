// The markers that the guide names, with the tokenizers and templates of real models' own files.

import { openAsBlob, readFileSync } from "node:fs";
import { emptyDocument, endTurn } from "@tokenscope/core";
import { blobSource, readGguf } from "@tokenscope/engine";
import {
  loadChatTemplate,
  loadTokenizer,
  parseTemplateSource,
  type TemplateSource,
} from "@tokenscope/tokenizers";
import { expect, test } from "vitest";
import { gemma3Path, sharedReferencePath, smollm2Path } from "../../../fixtures/index.ts";
import { type TurnMarkers, turnMarkers } from "../src/views/lab-markers.ts";
import { activeDocumentPath } from "../src/views/path.ts";

async function markersOf(
  path: string,
  other: TemplateSource | null = null,
): Promise<TurnMarkers | null> {
  const { metadata } = await readGguf(blobSource(await openAsBlob(path)));
  const tokenizer = loadTokenizer({ name: "model", metadata });
  const source = other ?? parseTemplateSource(metadata);
  if (source === null) throw new Error("this model has no template, and none was given");
  const template = loadChatTemplate({ ...source, tokenizer, now: () => new Date(0) });
  const message = { role: "user", content: "x" };
  const doc = endTurn(emptyDocument(), message, { tokenizer, template });
  return turnMarkers(activeDocumentPath(doc), tokenizer.vocabulary);
}

test.skipIf(smollm2Path() === null)("SmolLM2's markers are ChatML's", async () => {
  expect(await markersOf(smollm2Path() ?? "")).toEqual({
    userOpens: "<|im_start|>user",
    userEnds: "<|im_end|>",
    replyOpens: "<|im_start|>assistant",
  });
});

/** The template of the instruction-tuned Gemma 3, whose tokenizer is that of the base model in the cache. */
function gemmaTemplate(path: string): TemplateSource {
  const file: { template: string; bos_token: string; eos_token: string } = JSON.parse(
    readFileSync(path, "utf8"),
  );
  return { source: file.template, bosToken: file.bos_token, eosToken: file.eos_token };
}

// Gemma has its own terms and is never fetched unasked, so a clone may be without it.
const gemma = gemma3Path();
const template = sharedReferencePath("templates/gemma-3-it.json");
test.skipIf(gemma === null || template === null)(
  "Gemma's markers are its own, without the token that starts the document",
  async () => {
    expect(await markersOf(gemma ?? "", gemmaTemplate(template ?? ""))).toEqual({
      userOpens: "<start_of_turn>user",
      userEnds: "<end_of_turn>",
      replyOpens: "<start_of_turn>model",
    });
  },
);
