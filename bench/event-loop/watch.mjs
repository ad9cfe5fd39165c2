import { monitorEventLoopDelay, performance } from "node:perf_hooks";

const resolutionMs = 1;

/**
 * Runs `work` while the event loop is watched, and prints what was seen as JSON: p99 and the longest delay beyond the
 * timer's own milliseconds, and the share of time that the loop was busy. `work` resolves to its number of frames.
 */
export async function watched(work) {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  const before = performance.eventLoopUtilization();
  const began = performance.now();
  delay.enable();
  const frames = await work();
  delay.disable();
  const seconds = (performance.now() - began) / 1000;
  const { utilization } = performance.eventLoopUtilization(before);
  const beyond = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolutionMs);
  process.stdout.write(
    JSON.stringify({
      frames,
      seconds,
      p99Ms: beyond(delay.percentile(99)),
      maxMs: beyond(delay.max),
      busy: utilization,
    }),
  );
}
