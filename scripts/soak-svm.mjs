// Random SVM problems: every number of ours beside libsvm's in memory, after saving and loading too. Progress on stderr,
// the differing bits on stdout; exit code 1 when there is one, with the seed that repeats it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./lib/root.mjs";
import { fail } from "./lib/run.mjs";
import { ensureTestTools } from "./lib/system.mjs";
import { setup } from "./setup.mjs";

const { values } = parseArgs({
  options: { cases: { type: "string", default: "500" }, seed: { type: "string", default: "1" } },
});
const [cases, seed] = [values.cases, values.seed].map(Number);
if (![cases, seed].every((number) => Number.isInteger(number) && number > 0))
  fail("npm run soak:svm -- [--cases N] [--seed FIRST]", 2);
await ensureTestTools();
await setup({ tests: true });

const program = join(root, "build/release/native/test/svm/svm_soak");
const { status, error } = spawnSync(program, [String(cases), String(seed)], { stdio: "inherit" });
if (error !== undefined) fail(`${program}: ${error.message}`, 1);
process.exitCode = status ?? 1;
