// The demo from a bare clone: set-up where it is missing, footage into the cache, then `unreel demo` with the user's options.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fetchSource } from "./deps/fetch.mjs";
import { root } from "./lib/root.mjs";
import { fail, say } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

/** Options that name a footage, where the user names none: a public square filmed for OpenCV's samples. */
async function footageOptions(args) {
  if (args.some((arg) => /^--(videos|footage)\b/.test(arg))) return [];
  try {
    return ["--footage", join(await fetchSource("demo-footage"), "vtest.avi")];
  } catch (error) {
    say(`the demo's footage cannot be had here; generated scenes take its place. ${error.message}`);
    return [];
  }
}

/**
 * Runs the demo to its end; resolves to its exit code. Ctrl-C on the terminal reaches it by itself, so this process only
 * stays until it has committed; SIGTERM reaches this process alone and is handed on.
 */
function runDemo(args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, "dist/cli.js"), "demo", ...args], { stdio: "inherit", cwd });
    const stay = () => undefined;
    const handOn = () => child.kill("SIGTERM");
    process.on("SIGINT", stay);
    process.on("SIGTERM", handOn);
    child.on("error", reject);
    child.on("close", (status) => {
      process.off("SIGINT", stay);
      process.off("SIGTERM", handOn);
      resolve(status ?? 130);
    });
  });
}

try {
  const args = process.argv.slice(2);
  await setup();
  const footage = args.includes("--help") ? [] : await footageOptions(args);
  // Paths that the user names are relative to where npm was called.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  process.exitCode = await runDemo([...footage, ...args], cwd);
} catch (error) {
  fail(error.message);
}
