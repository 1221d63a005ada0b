// A reply drawn under settings and a seed, with the draw of every step.

import { generate } from "@tokenscope/core";
import { openModel, textOf } from "./open-model.mjs";

const [path, prompt = "Once upon a time"] = process.argv.slice(2);
const { engine, tokenizer } = await openModel(path);

const sequence = engine.openSequence();
for await (const _scored of sequence.append(tokenizer.encode(prompt)));
const settings = { temperature: 0.8, topK: 40, topP: 1, minP: 0 };
const { endTokenIds } = tokenizer;
const reply = generate({ engine, sequence, endTokenIds, settings, seed: 7, maxTokens: 12 });
for (;;) {
  const { done, value } = await reply.next();
  if (done) {
    console.log(`ended: ${value.kind}`);
    break;
  }
  const { id, draw, position, scored } = value;
  const p = Math.exp(scored.score.logprobNats);
  console.log(
    `${position}  r ${draw?.toFixed(4) ?? "greedy"}  ${JSON.stringify(textOf(tokenizer, id))}  p ${p.toFixed(4)}, rank ${scored.score.rank}`,
  );
}

sequence.close();
await engine.close();
