// 32 uniform frames as RGB out of a video, its opening included: unreel beside PyAV, torchcodec and OpenCV, each at its
// best with two threads, in warm processes that take turns. Before a clock starts all must give the same frames.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureVenv } from "../../scripts/lib/python.mjs";
import { say } from "../../scripts/lib/run.mjs";
import { ensureBenchTools } from "../../scripts/lib/system.mjs";
import { inTurn } from "../lib/rounds.mjs";
import { makeClips } from "./clips.mjs";
import { describeLibraries, requestOf, startWorkers, uniform, ways, waysThatAgree } from "./contenders.mjs";
import { measureKeyFrames } from "./key-frames.mjs";
import { measureMany } from "./many.mjs";
import { nonReferenceShare } from "./non-reference.mjs";

const threads = 2;

/** One row a contender, ours first; `ratio` is its time over ours. `shares` belong to our row. */
function rowsOf(clip, times, label, shares = { neverDecodedPercent: "", nonReferencePercent: "" }) {
  const ours = times.values().next().value;
  return [...times].map(([name, { median, min, max }]) => ({
    clip,
    contender: label(name),
    seconds: median,
    least: min,
    most: max,
    ratio: median / ours.median,
    neverDecodedPercent: name === "unreel" ? shares.neverDecodedPercent : "",
    nonReferencePercent: name === "unreel" ? shares.nonReferencePercent : "",
  }));
}

/** What of the clip unreel left undecoded, and what an exact sampler could leave. */
function sharesOf(clip, packets) {
  const neverDecodedPercent = 100 * (1 - packets.decoded / packets.all);
  const nonReferencePercent = 100 * nonReferenceShare(clip.path);
  say(
    `${clip.name}: ${neverDecodedPercent.toFixed(1)} % of ${packets.all} packets never decoded; ` +
      `nothing refers to ${nonReferencePercent.toFixed(1)} %`,
  );
  return { neverDecodedPercent, nonReferencePercent };
}

/** Times of all ways that agree on the clip, beside `more` contenders; and how many packets unreel decoded. */
async function measureClip(clip, candidates, workers, folder, more = []) {
  const agreed = await waysThatAgree(clip, candidates, workers, folder);
  let packets;
  const ours = async () => {
    const request = { do: "sample", path: clip.path, options: uniform(threads) };
    const { seconds, stats, frameCount } = await workers.unreel.ask(request);
    packets = { all: stats.packets ?? frameCount, decoded: stats.packetsDecoded };
    return seconds;
  };
  const theirs = async ({ way, library }) =>
    (await workers[library].ask({ do: "sample", ...requestOf(clip, way, threads) })).seconds;
  const times = await inTurn(clip.name, [
    { name: "unreel", run: ours },
    ...agreed.map((candidate) => ({ name: candidate.way, run: () => theirs(candidate) })),
    ...more,
  ]);
  return { times, packets };
}

const wholeDecode = "PyAV, every frame, no RGB";

/** What a decoder costs that saves nothing. */
async function decodeWhole(clip, pyav) {
  const { seconds, frames } = await pyav.ask({ do: "full", path: clip.path, threads });
  if (frames !== clip.frames) throw new Error(`${clip.name}: PyAV decoded ${frames} frames of ${clip.frames}`);
  return seconds;
}

/** torchcodec's quicker way of those that were right: which one it is depends on the clip. */
function betterTorchcodec(times) {
  const names = [...times.keys()].filter((name) => name.startsWith("torchcodec"));
  return names.reduce((a, b) => (times.get(b).median < times.get(a).median ? b : a));
}

/** The ratios that one clip gives. */
function ratiosOf({ times, packets }) {
  const over = (name) => times.get(name).median / times.get("unreel").median;
  return {
    sample32_vs_pyav: over("PyAV"),
    sample32_vs_torchcodec: over(betterTorchcodec(times)),
    sample32_vs_opencv_grab: over("OpenCV grab"),
    sample32_vs_opencv_read: over("OpenCV read"),
    sample32_vs_opencv_seek: over("OpenCV seek"),
    // 1: what was left undecoded has become time, and nothing was lost beside it.
    efficiency: over(wholeDecode) / (packets.all / packets.decoded),
  };
}

async function measureAll(clips, workers, folder) {
  const names = await describeLibraries(workers);
  const label = (name) => [...names].reduce((text, [library, full]) => text.replace(library, full), name);
  const { main, others, keyed, takes, take } = clips;

  const more = [{ name: wholeDecode, run: () => decodeWhole(main, workers.PyAV) }];
  const first = await measureClip(main, ways, workers, folder, more);
  const rows = rowsOf(main.name, first.times, label, sharesOf(main, first.packets));
  const ratios = ratiosOf(first);

  let takeTimes;
  for (const clip of [take, ...others]) {
    const able = ways.filter((way) => !way.mainOnly && way.library !== clip.without);
    const { times, packets } = await measureClip(clip, able, workers, folder);
    rows.push(...rowsOf(clip.name, times, label, sharesOf(clip, packets)));
    if (clip === take) takeTimes = times;
  }

  const keys = await measureKeyFrames(keyed, workers.unreel);
  rows.push(...rowsOf(keyed.name, keys, label));
  ratios.keyframes_vs_ffmpeg_nokey = keys.get("ffmpeg").median / keys.get("unreel").median;

  const best = betterTorchcodec(takeTimes);
  const strict = ways.filter(({ way }) => way === best).map((way) => ({ ...way, mayMiss: false }));
  for (const clip of takes) await waysThatAgree(clip, strict, workers, folder);
  const twice = [...takes, ...takes];
  const many = await measureMany(`${twice.length} videos`, twice, best, workers);
  rows.push(...rowsOf(`${twice.length} videos, x264 500p 12 s`, many, label));
  const seconds = (name) => many.get(name).median;
  const peer = Math.min(seconds("torchcodec, 2 threads"), seconds("torchcodec, 2 processes"));
  ratios.many_vs_torchcodec = peer / seconds("unreel, 2 workers");
  ratios.workers_1_to_2 = seconds("unreel, 1 worker") / seconds("unreel, 2 workers");
  return { rows, ratios };
}

export async function runSuite() {
  const missing = await ensureBenchTools();
  if (missing.length > 0) throw new Error(`this suite needs Debian's packages ${missing.join(", ")}`);
  const python = await ensureVenv("bench");
  if (python === undefined) throw new Error("this suite needs the peers of bench/requirements.txt");
  const clips = await makeClips();
  const folder = mkdtempSync(join(tmpdir(), "unreel-bench-"));
  const workers = startWorkers(python);
  try {
    return await measureAll(clips, workers, folder);
  } finally {
    for (const worker of Object.values(workers)) worker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
