// biome over TypeScript and JSON, clang-format over C++; `--fix` writes what they would change.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { existingVenvPython } from "./lib/python.mjs";
import { isMain, root } from "./lib/root.mjs";
import { run, say } from "./lib/run.mjs";

/** The clang-format that test/requirements.txt pins, in the reference venv; undefined without it. */
function clangFormat() {
  const python = existingVenvPython("test");
  if (python === undefined) return undefined;
  const lib = join(dirname(python), "../lib");
  for (const version of existsSync(lib) ? readdirSync(lib) : []) {
    const program = join(lib, version, "site-packages/clang_format/data/bin/clang-format");
    if (existsSync(program)) return program;
  }
  return undefined;
}

/** Throws with the linter's words when a file is not as it should be. */
export async function lintTypeScript({ fix = false } = {}) {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  await run(
    process.execPath,
    [biome, "check", ...(fix ? ["--write"] : ["--error-on-warnings"]), "--max-diagnostics=30", "."],
    { cwd: root },
  );
}

/** False when clang-format is not here. */
export async function lintNative({ fix = false } = {}) {
  const program = clangFormat();
  if (program === undefined) return false;
  const files = readdirSync(join(root, "native"), { recursive: true }).filter((name) => /\.(h|cc)$/.test(name));
  await run(program, [...(fix ? ["-i"] : ["--dry-run", "-Werror"]), ...files.map((name) => join("native", name))], {
    cwd: root,
  });
  return true;
}

if (isMain(import.meta.url)) {
  const fix = process.argv.includes("--fix");
  try {
    await lintTypeScript({ fix });
    if (!(await lintNative({ fix }))) say("clang-format is not here (npm test installs it): C++ is not checked");
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
