// What the page asks of a model, answered by hand: a message becomes tokens, a reply is written, the layers are looked into.

import { createSessionHost } from "@tokenscope/calls";
import { plainTemplate } from "@tokenscope/core";
import { openModel, textOf } from "./open-model.mjs";

const [path, text = "Once upon a time"] = process.argv.slice(2);
const { engine, tokenizer } = await openModel(path);
const host = createSessionHost({ engine, tokenizer, template: plainTemplate(tokenizer) });
const { signal } = new AbortController();
const show = (id) => JSON.stringify(textOf(tokenizer, id));

const ids = await host.encode({ text }, () => {}, signal);
const settings = { temperature: 0, topK: 0, topP: 1, minP: 0 };
const wanted = { ids, settings, seed: 1, redraws: new Map(), maxTokens: 5 };
const ending = await host.generate(
  wanted,
  ({ token, origin }) => console.log(`${origin} ${show(token.id)}`),
  signal,
);
console.log(`ended: ${ending.kind}`);

const layers = await host.lens({ ids }, () => {}, signal);
for (const [layer, { topIds }] of layers.entries()) {
  console.log(`after layer ${layer} the likeliest is ${show(topIds[0])}`);
}
await engine.close();
