// Everything up to dist/ and the addon, in the order in which it is needed; each step is quick when its result is there.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyOf } from "./lib/cache.mjs";
import { isMain, root } from "./lib/root.mjs";
import { fail, run, say } from "./lib/run.mjs";
import { ensureBuildTools } from "./lib/system.mjs";

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 17))
    fail(`unreel needs Node 20.17 or newer; this is ${process.versions.node}.`);
  if (process.platform !== "linux") fail(`unreel builds on Linux; this is ${process.platform}.`);
}

async function installPackages() {
  const stamp = join(root, "node_modules/.unreel-lock");
  const key = keyOf(readFileSync(join(root, "package-lock.json"), "utf8"));
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === key) return;
  say("installing npm packages (npm ci)");
  await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root, capture: true });
  writeFileSync(stamp, key);
}

/** Makes what is missing of node_modules, the native dependencies, the addon and dist/. */
export async function setup({ tests = false } = {}) {
  checkNode();
  await installPackages();
  await ensureBuildTools();
  const { build } = await import("./build.mjs");
  await build({ tests });
}

if (isMain(import.meta.url)) {
  await setup().catch((error) => fail(error.message));
  say("set-up is complete: dist/ and build/release/unreel.node are there");
}
