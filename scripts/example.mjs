// Runs an example of this clone, whose packages are TypeScript until they are packed: `node scripts/example.mjs score-a-text model.gguf "A text."`.

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { buildKernel } from "./kernel.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const examples = join(root, "examples");
const out = join(root, ".tmp/examples");

const [name = "", ...rest] = process.argv.slice(2);
const input = join(examples, `${name.replace(/\.mjs$/, "")}.mjs`);
if (name === "" || !existsSync(input)) {
  const known = readdirSync(examples).filter((file) => file.endsWith(".mjs"));
  console.error(`example: there is no example "${name}"; there are ${known.join(", ")}`);
  process.exit(2);
}

const { relaxed } = await buildKernel();
cpSync(dirname(relaxed), join(out, "kernel"), { recursive: true });
const bundled = join(out, "run", "example.mjs"); // which looks for the kernel one folder up, as in a package's dist
const bundle = await rolldown({
  input,
  platform: "node",
  external: [/^onnxruntime-/],
  resolve: { conditionNames: ["source", "import", "node"] },
});
await bundle.write({ file: bundled, format: "esm", codeSplitting: false });
await bundle.close();
const { status } = spawnSync(process.execPath, [bundled, ...rest], { stdio: "inherit" });
process.exit(status ?? 1);
