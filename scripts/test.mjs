// The whole test suite from a bare clone; last line on stdout: `N passed, N failed`, for all suites together.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureVenv } from "./lib/python.mjs";
import { root } from "./lib/root.mjs";
import { fail, run, say } from "./lib/run.mjs";
import { ensureTestTools } from "./lib/system.mjs";
import { setup } from "./setup.mjs";

const results = mkdtempSync(join(tmpdir(), "unreel-test-"));
const total = { passed: 0, failed: 0, skipped: [] };

/** A suite that either holds or does not: type check, lint. */
async function check(name, body) {
  try {
    await body();
    total.passed++;
    say(`${name}: passed`);
  } catch (error) {
    total.failed++;
    process.stderr.write(`${name}: FAILED\n${error.message}\n`);
  }
}

async function typeCheck() {
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", root], { cwd: root });
}

/** Every C++ test program; counts come from gtest's own report. */
async function nativeTests() {
  const folder = join(root, "build/release/native/test");
  const programs = readdirSync(folder, { recursive: true }).filter((name) => /(^|\/)\w+_test$/.test(name));
  for (const program of programs.sort()) {
    const report = join(results, `${program.replaceAll("/", "-")}.json`);
    const args = [`--gtest_output=json:${report}`, "--gtest_brief=1"];
    const outcome = await run(join(folder, program), args, { cwd: root, capture: true }).catch((e) => e);
    if (!existsSync(report)) {
      total.failed++;
      process.stderr.write(`${program}: FAILED\n${outcome.message ?? "it wrote no report"}\n`);
      continue;
    }
    const crashed = outcome instanceof Error;
    if (crashed) process.stderr.write(`${outcome.message}\n`);
    const failed = countGtest(program, JSON.parse(readFileSync(report, "utf8")), crashed ? "" : outcome);
    if (crashed && failed === 0) total.failed++;
  }
}

/** The failed ones. gtest's report says which tests were skipped, its output says why, in the same order. */
function countGtest(program, report, output) {
  const reasons = [...output.matchAll(/: Skipped\n(.+)/g)].map(([, reason]) => reason);
  let passed = 0;
  let failed = 0;
  for (const suite of report.testsuites) {
    for (const test of suite.testsuite) {
      if (test.result === "SKIPPED")
        total.skipped.push(`${suite.name}.${test.name}: ${reasons.shift() ?? "no reason given"}`);
      else if (test.failures) failed++;
      else passed++;
    }
  }
  total.passed += passed;
  total.failed += failed;
  say(`${program}: ${passed} passed, ${failed} failed`);
  return failed;
}

async function vitest() {
  const report = join(results, "vitest.json");
  const program = join(root, "node_modules/vitest/vitest.mjs");
  const failedBefore = total.failed;
  const args = ["run", "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`];
  const error = await run(process.execPath, [program, ...args], { cwd: root }).catch((e) => e);
  if (!existsSync(report)) {
    total.failed++;
    process.stderr.write("vitest: FAILED: it wrote no report\n");
    return;
  }
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
  for (const file of testResults) {
    if (file.status === "failed" && file.assertionResults.length === 0) {
      total.failed++;
      process.stderr.write(`${file.name}: ${file.message}\n`);
    }
    for (const test of file.assertionResults) {
      if (test.status === "passed") total.passed++;
      else if (test.status === "failed") total.failed++;
      else total.skipped.push(test.fullName);
    }
  }
  // An error outside every test, such as a promise that nobody awaited, fails the run and no test.
  if (error instanceof Error && total.failed === failedBefore) {
    total.failed++;
    process.stderr.write(`vitest: FAILED outside its tests\n${error.message}\n`);
  }
}

try {
  const missing = await ensureTestTools();
  if (missing.length > 0)
    say(
      `not here, so what compares with them is skipped: ${missing.join(", ")} (apt-get install ${missing.join(" ")})`,
    );
  const withNativeTests = !missing.includes("libgtest-dev");
  await setup({ tests: withNativeTests });
  const python = await ensureVenv("test");
  if (python !== undefined) process.env.UNREEL_TEST_PYTHON = python;

  await check("type check", typeCheck);
  const { lintTypeScript, lintNative } = await import("./lint.mjs");
  await check("biome", () => lintTypeScript());
  await check("clang-format", async () => {
    if (!(await lintNative())) total.skipped.push("clang-format: needs the reference Python");
  });
  await check("error codes", () =>
    run(process.execPath, [join(root, "scripts/gen-errors.mjs"), "--check"], { cwd: root }),
  );
  if (withNativeTests) await nativeTests();
  else total.skipped.push("C++ tests: need libgtest-dev");
  await vitest();
} catch (error) {
  fail(error.message);
} finally {
  rmSync(results, { recursive: true, force: true });
}

for (const name of total.skipped) process.stderr.write(`skipped: ${name.trim()}\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
