// Bits of every token of a text, and of the whole.

import { bitsFromNats, formatBits, formatPerplexity, scoreIds, summary } from "@tokenscope/core";
import { openModel, textOf } from "./open-model.mjs";

const [path, text = "It was a dark and stormy night."] = process.argv.slice(2);
const { engine, tokenizer } = await openModel(path);

const { startTokenId } = tokenizer;
const { rows } = await scoreIds(engine, tokenizer.encode(text), { startTokenId });
for (const { id, score } of rows) {
  // The first token has no context, and so no number.
  const bits = score === null ? null : -bitsFromNats(score.logprobNats);
  const rank = score === null ? "" : `rank ${score.rank}`;
  console.log(
    `${formatBits(bits).padStart(7)} bits  ${rank.padEnd(12)}${JSON.stringify(textOf(tokenizer, id))}`,
  );
}
const { totalBits, bitsPerToken, perplexity } = summary(rows, tokenizer.vocabulary);
console.log(
  `${formatBits(totalBits)} bits, ${formatBits(bitsPerToken)} a token, perplexity ${formatPerplexity(perplexity)}`,
);

await engine.close();
