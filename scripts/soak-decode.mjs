// Random streams: every frame that unreel samples beside FFmpeg's full decode. Progress on stderr, the sums on stdout;
// exit code 1 when anything differs.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  checkSeed,
  ffmpegVersion,
  inParallel,
  referenceProgram,
  reproduction,
  samplePlanes,
  summarise,
} from "../test/media/random-streams/soak.mjs";
import { fail, output, say } from "./lib/run.mjs";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: "2" },
    keep: { type: "string" },
  },
});
const [streams, seed, jobs] = [values.streams, values.seed, values.jobs].map(Number);
if (![streams, seed, jobs].every((number) => Number.isInteger(number) && number > 0))
  fail("npm run soak:decode -- [--streams N] [--seed FIRST] [--jobs N] [--keep FOLDER]", 2);
const version = ffmpegVersion();
if (version === undefined) fail("This needs ffmpeg with libx264, libx265, libvpx, libsvtav1 and libaom.");
if (!existsSync(samplePlanes)) fail(`${samplePlanes} is not there: npm test builds it.`);

const kept = values.keep === undefined ? undefined : resolve(values.keep);
const work = kept ?? mkdtempSync(join(tmpdir(), "unreel-soak-"));
if (kept !== undefined) mkdirSync(kept, { recursive: true });

async function place(recipe, make) {
  const folder = join(work, `seed-${recipe.seed}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await make(folder);
  return folder;
}

let done = 0;
let differing = 0;
async function one(number) {
  const result = await checkSeed(number, place);
  if (kept === undefined) rmSync(join(work, `seed-${number}`), { recursive: true, force: true });
  done++;
  if (result.failedToMake !== undefined) say(`not made: ${result.recipe.description}: ${result.failedToMake}`);
  if (result.differences?.length > 0) {
    differing++;
    say(`DIFFERS: ${result.recipe.description}: ${result.differences[0]}`);
  }
  if (done % 50 === 0) say(`${done} of ${streams} streams, ${differing} differ`);
  return result;
}

const percent = (part, whole) => `${whole === 0 ? 0 : ((100 * part) / whole).toFixed(1)} %`;
const counted = (counts) =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `  ${String(times).padStart(6)}  ${name}`);

function report(sum) {
  const shares = Object.entries(sum.decoded).map(
    ([codec, { packets, packetsDecoded }]) =>
      `  ${percent(packets - packetsDecoded, packets).padStart(7)}  ${codec} (${packetsDecoded} of ${packets} decoded)`,
  );
  const parts = [
    `encoders: ${version}`,
    `reference: ${output(referenceProgram, ["-version"])?.split("\n")[0] ?? referenceProgram}`,
    `seeds: ${seed} to ${seed + streams - 1}`,
    `streams: ${sum.streams}`,
    `not made by the encoder: ${sum.notMade.length}`,
    `frames compared: ${sum.framesCompared}`,
    `wanted frames left out, FFmpeg has none or the stream is damaged: ${sum.framesLeftOut}`,
    `streams that differ: ${sum.differing.length}`,
    `streams with a fallback: ${sum.fallbacks.streams}`,
    ...counted(sum.fallbacks.reasons),
    "codecs:",
    ...counted(sum.codecs),
    "containers:",
    ...counted(sum.containers),
    "treatments:",
    ...counted(sum.treatments),
    "times:",
    ...counted(sum.timings),
    "notes, by stream:",
    ...counted(sum.notes),
    "packets never decoded, all policies together:",
    ...shares,
    ...sum.differing.map((result) => `\nDIFFERS: ${reproduction(result)}`),
  ];
  process.stdout.write(`${parts.join("\n")}\n`);
}

try {
  const seeds = Array.from({ length: streams }, (_, at) => seed + at);
  const sum = summarise(await inParallel(seeds, jobs, one));
  report(sum);
  process.exitCode = sum.differing.length === 0 ? 0 : 1;
} finally {
  if (kept === undefined) rmSync(work, { recursive: true, force: true });
}
