// What the contenders of bench/svm that run in Node have in common.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { dims } from "./inputs.mjs";

/** The inputs in the folder that the command line names. */
export function readInputs() {
  const [, , folder] = process.argv;
  const read = (name, Kind) => {
    const bytes = readFileSync(join(folder, name));
    return new Kind(bytes.buffer, bytes.byteOffset, bytes.byteLength / Kind.BYTES_PER_ELEMENT);
  };
  return {
    folder,
    x: read("x.f32", Float32Array),
    labels: read("labels.i32", Int32Array),
    queries: read("queries.f32", Float32Array),
    dims,
  };
}

/** VmHWM: the most memory that this process has held, in MiB. */
export function peakMb() {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

/** Answers each line on stdin by what `work` has under its name; decision values go to the file that the line names. */
export async function answerRequests(folder, work) {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    const { values, ...seen } = await work[request.work](request);
    if (values !== undefined && request.out !== undefined) writeFileSync(join(folder, request.out), values);
    process.stdout.write(`${JSON.stringify({ ...seen, peakMb: peakMb() })}\n`);
  }
}
