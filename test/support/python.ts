import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The Python of the reference venv, which the set-up makes from test/requirements.txt; undefined without Python. */
export function referencePython(): string | undefined {
  return process.env.UNREEL_TEST_PYTHON || undefined;
}

/** Runs test/reference/`script` with the venv's Python; resolves to its stdout, rejects with its stderr. */
export async function runReference(script: string, args: readonly string[]): Promise<string> {
  const python = referencePython();
  if (python === undefined) throw new Error("no reference Python: check referencePython() first");
  const path = join(import.meta.dirname, "../reference", script);
  const { stdout } = await execute(python, [path, ...args], { maxBuffer: 1 << 28, encoding: "utf8" });
  return stdout;
}

/** Why a test that wants the reference Python is skipped; part of its name. */
export const withoutPython = "needs the reference Python (npm test makes it where python3 with venv is there)";
