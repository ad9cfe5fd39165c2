// Hostile inputs are opened in a process of their own, so that its peak of memory can be read and a crash is an outcome.
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Limits, SampleOptions } from "../../../src/index.js";

/** What the process is to open. */
export interface HostileInput {
  /** A path, a URL, or the name of a stream in child.mjs. */
  readonly source: string;
  readonly limits?: Limits;
  readonly sample?: SampleOptions;
  /** Changes to the file's bytes: each is an input of its own. */
  readonly edits?: readonly Edit[];
}

export interface Edit {
  /** Bytes that are left of the file. */
  readonly length?: number;
  /** Places, modulo the length, and the bits that are turned there. */
  readonly flips?: readonly (readonly [number, number])[];
}

export interface Outcome {
  readonly frames?: number;
  readonly frameCount?: number;
  readonly code?: string;
  readonly limit?: string;
  readonly message?: string;
}

export interface HostileRun {
  readonly outcomes: readonly Outcome[];
  readonly peakBytes: number;
}

/** Opens and samples the inputs; throws when the process dies, naming the input at which it did. */
export function runHostile(inputs: readonly HostileInput[]): Promise<HostileRun> {
  return new Promise((resolve, reject) => {
    // One that hangs is killed before the test's own time is up, so that it is known at which input.
    const program = join(import.meta.dirname, "child.mjs");
    const child = spawn(process.execPath, [program], { timeout: 110_000, killSignal: "SIGKILL" });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (status, signal) => {
      const lines = stdout.trim() === "" ? [] : stdout.trim().split("\n");
      if (status !== 0) {
        reject(new Error(`input ${lines.length} ended the process with ${signal ?? `status ${status}`}\n${stderr}`));
        return;
      }
      const answers = lines.map((line) => JSON.parse(line));
      resolve({ outcomes: answers.slice(0, -1), peakBytes: answers.at(-1).peakBytes });
    });
    child.stdin.end(JSON.stringify({ inputs }));
  });
}
