// What every engine must do, as tests. The runner's `test` and `expect` are passed in, so that core needs none.

import type { Engine } from "../engine.ts";
import { BATCH_SENTENCES } from "./batch-contract.ts";
import { INSIDE_SENTENCES } from "./inside-contract.ts";
import { SEQUENCE_SENTENCES } from "./sequence-contract.ts";
import type { ContractRunner } from "./tokenizer-contract.ts";

/** The part of a test runner that this contract uses. */
export interface EngineRunner {
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly expect: ContractRunner["expect"];
}

const SENTENCES = { ...SEQUENCE_SENTENCES, ...INSIDE_SENTENCES, ...BATCH_SENTENCES };

/** Registers the tests of an engine; `open` gives a new one for each test, which closes it. */
export function engineContract(
  name: string,
  open: () => Promise<Engine>,
  { test, expect }: EngineRunner,
): void {
  for (const [title, body] of Object.entries(SENTENCES)) {
    test(`${name}: ${title}`, async () => {
      const engine = await open();
      try {
        await body({ engine, expect });
      } finally {
        await engine.close();
      }
    });
  }
}
