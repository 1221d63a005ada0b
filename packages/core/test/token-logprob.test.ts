import { expect, test } from "vitest";
import { openToyEngine, toyTokenizer } from "../src/contracts/index.ts";
import { tokenId } from "../src/token.ts";
import { tokenLogprobNats } from "../src/token-logprob.ts";

const row = (...numbers: number[]) => ({ vector: Float32Array.from(numbers), logitCap: null });

test("a token's logprob is its row's dot product with the context vector, less logZ", () => {
  const contextVector = Float32Array.of(1, 2);
  expect(tokenLogprobNats({ contextVector, logZ: 2 }, row(3, -1))).toBe(-1); // 3 - 2 - 2
  expect(tokenLogprobNats({ contextVector, logZ: 0.9 }, row(3, -1))).toBe(0); // rounding never makes it likelier than certain
  const bent = tokenLogprobNats({ contextVector, logZ: 2 }, { ...row(3, -1), logitCap: 0.5 });
  expect(bent).toBeCloseTo(0.5 * Math.tanh(2) - 2, 12);
});

test("a recording holds no context vector, so nothing is known", () => {
  expect(tokenLogprobNats({ contextVector: null, logZ: 0 }, row(1))).toBeNull();
});

test("it is what the head gives for every token at every place, and costs no run", async () => {
  const engine = openToyEngine();
  const sequence = engine.openSequence();
  for await (const _chunk of sequence.append(toyTokenizer.encode("a toy says ab")));
  const vectors = sequence.tokens.flatMap(({ prediction }) => prediction.contextVector ?? []);
  const ids = Array.from({ length: engine.vocabularySize }, (_, id) => tokenId(id));
  const rows = await Promise.all(ids.map((id) => engine.tokenVector(id)));
  const before = engine.counts.headRuns;
  const own = rows.map((vector) =>
    sequence.tokens.map(({ prediction }) =>
      tokenLogprobNats(prediction, { vector, logitCap: engine.logitCap }),
    ),
  );
  expect(engine.counts.headRuns).toBe(before);
  for (const [id, line] of own.entries()) {
    const scores = await engine.scoreAt(vectors, tokenId(id));
    for (const [i, { logprobNats }] of scores.entries())
      expect(line[i]).toBeCloseTo(logprobNats, 4);
  }
  await engine.close();
});
