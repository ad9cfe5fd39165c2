// node train.mjs JSON: trains in this process and prints, as JSON, the seconds of each epoch and the peak of memory.
import { readFileSync } from "node:fs";
import { openStore, trainDetectorHead } from "../../dist/index.js";

/** A line of /proc/self/status, in MiB. */
function statusMib(name) {
  const [, kb] = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kb) / 1024;
}

const { store: folder, out, epochs, threads } = JSON.parse(process.argv[2] ?? "");
const startMib = statusMib("VmRSS");
const store = await openStore(folder);
const { rows, bytes } = await store.describe();
const times = [performance.now()];
await trainDetectorHead(store, out, { epochs, threads, onProgress: () => times.push(performance.now()) });
const [began, first, ...later] = times;
// The first epoch's time holds what comes before it: reading the metadata, hashing, the features' means and deviations.
const epochSeconds = later.map((time, i) => (time - (i === 0 ? first : later[i - 1])) / 1000);
const otherSeconds = (first - began) / 1000 - epochSeconds[0];
process.stdout.write(
  JSON.stringify({
    count: rows,
    epochSeconds,
    otherSeconds,
    peakMib: statusMib("VmHWM"),
    startMib,
    storeMib: bytes / 2 ** 20,
  }),
);
