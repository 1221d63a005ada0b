// Repeated measurements: taken turn by turn, summed up as median and spread.

/**
 * What several runs of one measurement gave.
 * @typedef {{ readonly median: number, readonly min: number, readonly max: number }} Spread
 */

/** Median, least and largest. Example: [3, 1, 2] -> { median: 2, min: 1, max: 3 }. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

/**
 * Runs every measurement once a round, one after another (A B C, A B C, ...), so that a noisy neighbour meets all of them.
 * @template {string} Name
 * @param {readonly { readonly name: Name, readonly run: (round: number) => Promise<Record<string, number>> }[]} measurements
 * @param {{ readonly warmUps: number, readonly rounds: number, readonly log: (line: string) => void }} plan
 * @returns {Promise<Record<Name, Record<string, Spread>>>} by name, then by what `run` returned
 */
export async function interleave(measurements, plan) {
  const values = new Map(measurements.map(({ name }) => [name, new Map()]));
  for (let round = -plan.warmUps; round < plan.rounds; round += 1) {
    for (const { name, run } of measurements) {
      const result = await run(round + plan.warmUps);
      plan.log(`  ${round < 0 ? "warm-up" : `round ${round + 1}`}  ${name}  ${brief(result)}`);
      if (round >= 0) collect(values.get(name), result);
    }
  }
  return Object.fromEntries(
    [...values].map(([name, byKey]) => [
      name,
      Object.fromEntries([...byKey].map(([key, list]) => [key, spread(list)])),
    ]),
  );
}

function collect(byKey, result) {
  for (const [key, value] of Object.entries(result)) {
    byKey.set(key, [...(byKey.get(key) ?? []), value]);
  }
}

function brief(result) {
  return Object.entries(result)
    .map(([key, value]) => `${key} ${value.toFixed(1)}`)
    .join(", ");
}
