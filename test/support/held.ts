import { readdirSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { setImmediate } from "node:timers/promises";

/** Files without a name that this process holds in the temporary folder: spools. */
export function spoolFiles(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(tmpdir()) && target.endsWith("(deleted)");
    } catch {
      return false;
    }
  }).length;
}

/** Lets the event loop turn until it is so; a test in which it never is fails by its time limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}
