// Property tests run 200 cases under one fixed seed in npm test, and 5,000 in npm run test:long, unless a test says otherwise.

import fc from "fast-check";

fc.configureGlobal({
  seed: 20_261_125,
  numRuns: process.env["TOKENSCOPE_LONG"] === "1" ? 5_000 : 200,
});
