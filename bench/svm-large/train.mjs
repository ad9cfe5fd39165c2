// node train.mjs JSON: trains in this process and prints, as a line of JSON, the seconds and the peak of memory.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { trainSvm } from "../../dist/index.js";

/** A line of /proc/self/status, in MiB. */
function statusMb(name) {
  const [, kb] = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kb) / 1024;
}

function read(path, Kind) {
  const bytes = readFileSync(path);
  return new Kind(bytes.buffer, bytes.byteOffset, bytes.byteLength / Kind.BYTES_PER_ELEMENT);
}

const { folder, rows, dims, kernel, exact, cacheMb } = JSON.parse(process.argv[2] ?? "");
// What Node and the addon take by themselves.
await trainSvm(Float32Array.of(0, 1), Int32Array.of(0, 1), { rows: 2, dims: 1 });
const startMb = statusMb("VmRSS");
const x = read(join(folder, "x.f32"), Float32Array);
const labels = read(join(folder, "labels.i32"), Int32Array);
let iterations = 0;
const began = performance.now();
const svm = await trainSvm(x, labels, {
  rows,
  dims,
  kernel,
  exact,
  cacheMb,
  onProgress: (progress) => {
    iterations = progress.iterations;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    if (iterations % 10_000 === 0)
      process.stderr.write(`${kernel}: ${iterations} iterations, gap ${progress.gap.toFixed(4)}, ${seconds} s\n`);
  },
});
const seconds = (performance.now() - began) / 1000;
process.stdout.write(
  `${JSON.stringify({ seconds, iterations, vectors: svm.supportVectorCount, peakMb: statusMb("VmHWM"), startMb })}\n`,
);
