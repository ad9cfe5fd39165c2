// Child processes for the scripts: output kept in a log, shown when something fails.
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";

const startedAt = Date.now();

/** One line to stderr, with the seconds since the script began. */
export function say(message) {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`[${seconds} s] ${message}\n`);
}

/** Ends the script with a message that says what to do. Exit code 4: the environment lacks something. */
export function fail(message, code = 4) {
  process.stderr.write(`\n${message}\n`);
  process.exit(code);
}

/**
 * Runs a program to its end. `log` collects its output in a file and only its tail is shown on failure; without `log` the
 * output goes to stderr as it comes. Resolves to stdout when `capture` is set.
 */
export function run(program, args, { cwd, env, log, capture = false } = {}) {
  return new Promise((resolve, reject) => {
    const quiet = log !== undefined || capture;
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", quiet ? "pipe" : 2, quiet ? "pipe" : 2],
    });
    let stdout = "";
    let tail = "";
    const collect = (chunk) => {
      tail = (tail + chunk).slice(-6000);
      if (log) appendFileSync(log, chunk);
    };
    child.stdout?.on("data", (chunk) => {
      if (capture) stdout += chunk;
      collect(chunk);
    });
    child.stderr?.on("data", collect);
    child.on("error", (error) => reject(new Error(`${program}: ${error.message}`)));
    child.on("close", (status, signal) => {
      if (status === 0) return resolve(stdout);
      const error = new Error(
        `${program} ${args.join(" ").slice(0, 300)}\nended with ${signal ?? `exit code ${status}`}\n${tail}`,
      );
      error.status = status;
      reject(error);
    });
  });
}

/** Whether a program is on the PATH. */
export function has(program) {
  return spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status === 0;
}

/** stdout of a quick program, or undefined when it is absent or fails. */
export function output(program, args) {
  const result = spawnSync(program, args, { encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : undefined;
}
