// Two sessions of one graph's inputs and outputs as one: each is the quicker one for some number of rows. Knows no graph.

import { floats, type OrtSession } from "./ort.ts";

export interface SessionByRows {
  /** Takes runs of fewer than `many` rows. */
  readonly fewRows: OrtSession;
  readonly manyRows: OrtSession;
  readonly many: number;
  /** The input whose rows count, and how many floats it has in each. */
  readonly input: { readonly name: string; readonly width: number };
}

/** A session that hands each run to one of the two. */
export function sessionByRows({ fewRows, manyRows, many, input }: SessionByRows): OrtSession {
  return {
    run(feeds, fetches) {
      const rows = floats(feeds, input.name).length / input.width;
      return (rows < many ? fewRows : manyRows).run(feeds, fetches);
    },
    async release() {
      await fewRows.release();
      await manyRows.release();
    },
  };
}
