// Builds the native dependencies, the addon (through cmake-js) and dist/ (through tsup).
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyOf } from "./lib/cache.mjs";
import { isMain, root } from "./lib/root.mjs";
import { fail, run, say } from "./lib/run.mjs";

/** Builds the addon, the C++ tests with `tests`, the peers in C++ with `bench`; Ninja does only what changed. */
export async function buildNative({ tests = false, bench = false } = {}) {
  const { buildDeps } = await import("./deps/build.mjs");
  await buildDeps();
  const cmakeJs = join(root, "node_modules/cmake-js/bin/cmake-js");
  const part = (name, wanted) => `--CDUNREEL_${name}=${wanted ? "ON" : "OFF"}`;
  const options = [part("ADDON", true), part("TESTS", tests), part("BENCH", bench)];
  const fresh = !existsSync(join(root, "build/release/unreel.node"));
  if (fresh) say("building the addon");
  const log = join(root, "build/native-build.log");
  mkdirSync(join(root, "build"), { recursive: true });
  writeFileSync(log, "");
  const place = ["--out", join(root, "build/release"), "-G", "Ninja"];
  await run(process.execPath, [cmakeJs, "configure", ...place, ...options], { cwd: root, log });
  await run(process.execPath, [cmakeJs, "build", ...place, ...options], { cwd: root, log });
}

/** Builds dist/ when a source is newer than the last build. */
export async function buildTypeScript() {
  const stamp = join(root, "build/dist.stamp");
  const key = keyOf(
    sourcesOf("src"),
    ...["package.json", "tsconfig.json", "tsup.config.ts"].map((file) => readFileSync(join(root, file), "utf8")),
  );
  if (existsSync(join(root, "dist/cli.js")) && existsSync(stamp) && readFileSync(stamp, "utf8") === key) return;
  say("building dist/");
  await run(process.execPath, [join(root, "node_modules/tsup/dist/cli-default.js"), "--silent"], { cwd: root });
  writeFileSync(stamp, key);
}

function sourcesOf(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(join(root, path)).isFile())
    .sort()
    .map((path) => [path, readFileSync(join(root, path), "utf8")]);
}

export async function build({ tests = false } = {}) {
  await buildNative({ tests });
  await buildTypeScript();
}

if (isMain(import.meta.url)) {
  // binding.gyp asks for the addon only when no binary is there.
  const native = process.argv.includes("--native");
  await (native ? buildNative() : build()).catch((error) => fail(error.message));
}
