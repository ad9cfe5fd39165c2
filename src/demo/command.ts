import { spawn } from "node:child_process";
import { typed } from "../cli/typed.js";
import { UnreelError } from "../errors.js";

/** The command of these arguments as a user would type it. */
export function commandLine(args: readonly string[]): string {
  return typed(["npx", "unreel", ...args]);
}

/**
 * Runs `unreel` with these arguments in a process of its own, printed first as a user would type it; its progress goes to
 * stderr. Resolves to its stdout.
 *
 * @throws UnreelError `ERR_UNREEL_ABORTED` when the signal fired; `ERR_UNREEL_IO` when the command failed, which it said
 * itself
 */
export function runCommand(args: readonly string[], signal: AbortSignal): Promise<string> {
  process.stderr.write(`\n$ ${commandLine(args)}\n`);
  return new Promise((resolve, reject) => {
    // A process group of its own: Ctrl-C on the terminal reaches it once, through us.
    const child = spawn(process.execPath, [process.argv[1] ?? "", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const interrupt = () => child.kill("SIGINT");
    // A second Ctrl-C ends this process at once; a group of its own must not outlive it.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    if (signal.aborted) interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.on("error", (error) => {
      process.off("exit", kill);
      reject(error);
    });
    child.on("close", (status) => {
      process.off("exit", kill);
      signal.removeEventListener("abort", interrupt);
      if (signal.aborted) reject(new UnreelError("ERR_UNREEL_ABORTED", "The demo was interrupted.", {}, signal.reason));
      else if (status === 0) resolve(stdout);
      else
        reject(
          new UnreelError("ERR_UNREEL_IO", `${commandLine(args)} ended with exit code ${status}.`, {
            status: status ?? -1,
          }),
        );
    });
  });
}
