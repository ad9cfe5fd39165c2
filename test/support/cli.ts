import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

/** The repository's root. */
export const repositoryRoot = join(import.meta.dirname, "../..");

/** The built command line. */
export const cliPath = join(repositoryRoot, "dist/cli.js");

/** How a command ended. */
export interface CliResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Settings of {@link runCli}. */
export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Run as this user; only root may say so. */
  readonly uid?: number;
  /** Called with the process once it runs, to send it signals. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Called with each piece of stderr. */
  readonly onStderr?: (text: string, child: ChildProcess) => void;
}

/** Runs `unreel` to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cliPath, ...args], {
      cwd: options.cwd ?? repositoryRoot,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      ...(options.uid !== undefined && { uid: options.uid }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      options.onStderr?.(text, child);
    });
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
    options.onStart?.(child);
  });
}

/** The JSON lines of a command's stdout. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
