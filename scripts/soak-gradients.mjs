// Random batches and options for every loss: the float entry point beside the formulas in double. Progress on stderr, the
// largest relative error of each loss on stdout; exit code 1 when one passes 1e-5.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./lib/root.mjs";
import { fail } from "./lib/run.mjs";
import { ensureTestTools } from "./lib/system.mjs";
import { setup } from "./setup.mjs";

const { values } = parseArgs({
  options: { cases: { type: "string", default: "2000" }, seed: { type: "string", default: "1" } },
});
const [cases, seed] = [values.cases, values.seed].map(Number);
if (![cases, seed].every((number) => Number.isInteger(number) && number > 0))
  fail("npm run soak:gradients -- [--cases N] [--seed FIRST]", 2);
await ensureTestTools();
await setup({ tests: true });

const program = join(root, "build/release/native/test/contrast/gradient_soak");
const { status, error } = spawnSync(program, [String(cases), String(seed)], { stdio: "inherit" });
if (error !== undefined) fail(`${program}: ${error.message}`, 1);
process.exitCode = status ?? 1;
