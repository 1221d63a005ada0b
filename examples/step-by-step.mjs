// A sequence that grows by hand: the distribution after each token, and a branch beside it that shares its past.

import { openModel, textOf } from "./open-model.mjs";

const [path, prompt = "The capital of France is"] = process.argv.slice(2);
const { engine, tokenizer } = await openModel(path);

const sequence = engine.openSequence();
await append(sequence, tokenizer.encode(prompt));
for (let step = 0; step < 5; step += 1) {
  const { topIds, topLogprobsNats } = sequence.tokens.at(-1).prediction;
  const best = [...topIds].slice(0, 3).map((id, i) => {
    return `${JSON.stringify(textOf(tokenizer, id))} ${Math.exp(topLogprobsNats[i]).toFixed(3)}`;
  });
  console.log(
    `after ${JSON.stringify(textOf(tokenizer, sequence.tokens.at(-1).id))}: ${best.join(", ")}`,
  );
  await append(sequence, [topIds[0]]);
}

const branch = sequence.fork(); // nothing is computed again
branch.cut(sequence.tokens.length - 5);
const second = branch.tokens.at(-1).prediction.topIds[1];
await append(branch, [second]);
const { score } = branch.tokens.at(-1);
console.log(
  `forced ${JSON.stringify(textOf(tokenizer, second))}: ln p ${score.logprobNats.toFixed(3)}, rank ${score.rank}`,
);

sequence.close();
branch.close();
await engine.close();

async function append(to, ids) {
  for await (const _scored of to.append(ids)); // the sequence keeps what it yields
}
