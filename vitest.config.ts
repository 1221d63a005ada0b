import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["source"] } },
  resolve: { conditions: ["source"] },
  test: {
    css: { include: [/tokens\.css/] }, // pictures take their colours from it
    include: ["packages/*/test/**/*.test.{ts,tsx}"],
    exclude: ["**/node_modules/**", "packages/web/test/e2e/**"],
    setupFiles: ["vitest.setup.ts"],
    execArgv: ["--expose-gc"], // soak tests count what is held, not what is not collected yet
    maxWorkers: "100%", // a run takes one less, which leaves a second core idle
    testTimeout: process.env["TOKENSCOPE_LONG"] === "1" ? 1_800_000 : 60_000,
    hookTimeout: 240_000,
  },
});
