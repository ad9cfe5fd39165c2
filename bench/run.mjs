// `npm run -s bench -- SUITE [--json]`: runs one suite; each figure stands beside a named peer's in the same run.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/lib/root.mjs";
import { fail } from "../scripts/lib/run.mjs";
import { setup } from "../scripts/setup.mjs";
import { describeMachine } from "./lib/machine.mjs";
import { printTable } from "./lib/table.mjs";

const suites = readdirSync(join(root, "bench"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, "bench", entry.name, "suite.mjs")))
  .map((entry) => entry.name);
const args = process.argv.slice(2);
const [name] = args.filter((arg) => !arg.startsWith("-"));
if (name === undefined || !suites.includes(name))
  fail(`usage: npm run -s bench -- SUITE [--json]; SUITE is one of ${suites.join(", ")}`, 2);

try {
  await setup();
  const machine = describeMachine();
  process.stderr.write(
    `${machine.cpu}, ${machine.cores} cores, ${machine.vectors.join(" ")}; commit ${machine.commit}\n`,
  );
  const { runSuite } = await import(`./${name}/suite.mjs`);
  const { rows, ratios } = await runSuite(args.filter((arg) => arg.startsWith("-")));
  const json = args.includes("--json");
  // With --json stdout holds the one line of JSON.
  const people = json ? process.stderr : process.stdout;
  printTable(rows, people);
  for (const [ratio, value] of Object.entries(ratios)) people.write(`${ratio}: ${value.toFixed(4)}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ suite: name, machine, rows, ratios })}\n`);
} catch (error) {
  fail(error.stack ?? error.message, 1);
}
