// Builds the C++ tests with a sanitizer (`asan`: address and undefined behaviour; `tsan`: data races) and runs them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/root.mjs";
import { fail, run, say } from "./lib/run.mjs";
import { ensureTestTools } from "./lib/system.mjs";
import { setup } from "./setup.mjs";

const preset = process.argv[2];
if (preset !== "asan" && preset !== "tsan") fail("usage: node scripts/sanitize.mjs asan|tsan", 2);

const env = {
  ASAN_OPTIONS: "detect_leaks=1:halt_on_error=1",
  LSAN_OPTIONS: `suppressions=${join(root, "native/test/lsan.supp")}:print_suppressions=0`,
  UBSAN_OPTIONS: "halt_on_error=1:print_stacktrace=1",
  TSAN_OPTIONS: `halt_on_error=1:suppressions=${join(root, "native/test/tsan.supp")}`,
};

try {
  await ensureTestTools();
  await setup();
  say(`building the C++ tests with ${preset}`);
  await run("cmake", ["--preset", preset], { cwd: root, capture: true });
  await run("cmake", ["--build", "--preset", preset], { cwd: root, capture: true });
  const folder = join(root, "build", preset, "native/test");
  const programs = readdirSync(folder, { recursive: true }).filter((name) => /(^|\/)\w+_test$/.test(name));
  for (const program of programs.sort()) {
    await run(join(folder, program), ["--gtest_brief=1"], { cwd: root, env });
    say(`${program}: no finding`);
  }
} catch (error) {
  fail(error.message, 1);
}
