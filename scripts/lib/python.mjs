// Python venvs in the cache: references for the tests, peers for the benchmarks. The product never needs Python.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cachedFolder, cacheRoot, keyOf } from "./cache.mjs";
import { root } from "./root.mjs";
import { output, run, say } from "./run.mjs";

function venvName(kind) {
  const requirements = readFileSync(join(root, kind, "requirements.txt"), "utf8");
  return `${kind}-${keyOf(requirements, output("python3", ["--version"]))}`;
}

/** The Python of the venv of `test` or `bench` when it was made before, else undefined. */
export function existingVenvPython(kind) {
  const python = join(cacheRoot(), "venv", venvName(kind), "bin/python");
  return existsSync(python) ? python : undefined;
}

/** The Python of the venv made from `<kind>/requirements.txt`; undefined, with a line that says why, where it cannot be made. */
export async function ensureVenv(kind) {
  if (output("python3", ["-c", "import venv, ensurepip"]) === undefined) {
    say(`no python3 with venv: what compares with ${kind}/requirements.txt is skipped`);
    return undefined;
  }
  // Only scripts in a venv's bin/ know its path; its python finds itself, so the finished folder may be renamed.
  const made = cachedFolder("venv", venvName(kind), async (scratch) => {
    say(`making the Python venv of ${kind}/requirements.txt (references only; the product needs no Python)`);
    await run("python3", ["-m", "venv", scratch], { capture: true });
    const install = [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "-r",
      join(root, kind, "requirements.txt"),
    ];
    await run(join(scratch, "bin/python"), install, { capture: true });
  });
  try {
    return join(await made, "bin/python");
  } catch (error) {
    const why = error.message.trim().split("\n").at(-1);
    say(`the venv of ${kind}/requirements.txt cannot be made, so what compares with it is skipped: ${why}`);
    return undefined;
  }
}
