// Scans every video below a folder and prints one line each; Ctrl-C stops it.
//
//   node examples/scan-folder.ts detector clips
import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { loadDetector } from "unreel";

const [, , dir = "detector", folder = "."] = process.argv;
const suffixes = new Set([".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts"]);

/** Paths as they are found: a folder of millions is never in memory. */
async function* videosBelow(path: string): AsyncGenerator<string> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* videosBelow(child);
    else if (suffixes.has(extname(entry.name).toLowerCase())) yield child;
  }
}

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

await using detector = await loadDetector(dir);
const counts = { fake: 0, real: 0, inconclusive: 0, failed: 0 };
for await (const result of detector.scanMany(videosBelow(folder), { signal: stop.signal })) {
  if (result.ok) {
    counts[result.verdict]++;
    console.log(result.verdict.padEnd(12), result.score?.toFixed(4) ?? result.reason, result.input);
  } else {
    counts.failed++;
    console.log("failed".padEnd(12), result.error.code, result.input);
  }
}
console.log(counts);
