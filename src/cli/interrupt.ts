import { throwIfAborted } from "../errors.js";

/**
 * Runs a command's work with a signal that Ctrl-C (or SIGTERM) fires once; a second one ends the process at once. The
 * work sees the signal and commits what is done; it never counts as finished then.
 *
 * @throws UnreelError `ERR_UNREEL_ABORTED` also where the work returned although the signal fired
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write("\nInterrupted: committing what is done. Once more ends at once.\n");
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    const result = await work(controller.signal);
    throwIfAborted(controller.signal);
    return result;
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}
