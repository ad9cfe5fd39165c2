import type { Command } from "commander";
import type { Limits } from "../video.js";
import { positiveNumber } from "./options.js";

/** What an input may cost, as the options of a command say it. */
export interface LimitOptions {
  readonly maxPixels?: number;
  readonly maxBytes?: number;
  /** Seconds. */
  readonly timeout?: number;
}

/** The options of every command that reads videos. */
export function addLimitOptions(command: Command): Command {
  return command
    .option("--max-pixels <n>", "refuse videos whose frames are larger", positiveNumber)
    .option("--max-bytes <n>", "refuse videos of more bytes", positiveNumber)
    .option("--timeout <seconds>", "give up a video that is not open by then (default 600)", positiveNumber);
}

/** The limits that were given. */
export function limitsOf({ maxPixels, maxBytes, timeout }: LimitOptions): Limits {
  return {
    ...(maxPixels !== undefined && { maxPixels }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(timeout !== undefined && { openTimeoutMs: timeout * 1000 }),
  };
}
