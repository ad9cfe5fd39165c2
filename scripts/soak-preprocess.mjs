// Random pictures and sizes, on every vector target of this CPU, beside Pillow: every byte of every crop. Progress on
// stderr, the sums on stdout; exit code 1 when a byte differs.
import { parseArgs } from "node:util";
import { caseOf, Soak } from "../test/preprocess/soak.mjs";
import { ensureVenv } from "./lib/python.mjs";
import { fail, say } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    targets: { type: "string" },
  },
});
const [cases, seed] = [values.cases, values.seed].map(Number);
if (![cases, seed].every((number) => Number.isInteger(number) && number > 0))
  fail("npm run soak:preprocess -- [--cases N] [--seed FIRST] [--targets NAME,NAME]", 2);
await setup();
const python = await ensureVenv("test");
if (python === undefined) fail("This needs Pillow, of test/requirements.txt.");

const { diagnose } = await import("../dist/index.js");
const { cpu } = diagnose();
if (cpu === undefined) fail("The addon does not load: npx unreel doctor says why.");
const targets = values.targets?.split(",") ?? cpu.targets;

const soak = new Soak(python, targets);
try {
  const version = await soak.start();
  const sum = { bytes: 0, differing: 0 };
  for (let i = 0; i < cases; i++) {
    const one = caseOf(seed + i);
    const { bytes, differing } = await soak.check(one);
    sum.bytes += bytes * targets.length;
    for (const [target, count] of Object.entries(differing)) {
      sum.differing += count;
      say(`DIFFERS: ${count} of ${bytes} bytes on ${target}: ${JSON.stringify(one)}`);
    }
    if ((i + 1) % 100 === 0) say(`${i + 1} of ${cases} cases, ${sum.differing} differing bytes`);
  }
  const lines = [
    `reference: Pillow ${version}`,
    `seeds: ${seed} to ${seed + cases - 1}`,
    `targets: ${targets.join(", ")}`,
    `cases: ${cases}, each on ${targets.length} targets`,
    `bytes compared: ${sum.bytes}`,
    `differing bytes: ${sum.differing}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  process.exitCode = sum.differing === 0 ? 0 : 1;
} finally {
  soak.close();
}
