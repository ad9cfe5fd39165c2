// Work that ends well although Ctrl-C came does not count as finished.
import { expect, test } from "vitest";
import { exitCodeOf } from "../../src/cli/exit.js";
import { interruptible } from "../../src/cli/interrupt.js";

test("work that returns after the signal is interrupted, exit 130", async () => {
  const before = process.listenerCount("SIGINT");
  const ended = await interruptible(async (signal) => {
    process.kill(process.pid, "SIGINT");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }).catch((error: unknown) => error);
  expect(ended).toMatchObject({ code: "ERR_UNREEL_ABORTED" });
  expect(exitCodeOf(ended)).toBe(130);
  expect(process.listenerCount("SIGINT")).toBe(before);
});

test("work without a signal gives its result", async () => {
  expect(await interruptible(async () => 3)).toBe(3);
});
