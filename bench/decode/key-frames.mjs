// Key frames alone, beside the ffmpeg program that skips all others.
import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";
import { output } from "../../scripts/lib/run.mjs";
import { inTurn } from "../lib/rounds.mjs";

const options = { keyframes: true, threads: 2 };

function processSeconds(args) {
  const began = performance.now();
  const { status, stderr } = spawnSync("ffmpeg", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ffmpeg ${args.join(" ")} failed: ${stderr}`);
  return (performance.now() - began) / 1000;
}

/** Times of the packets that the container marks as key frames, in microseconds. */
function keyTimes(path) {
  const show = ["-select_streams", "v:0", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0"];
  const lines = output("ffprobe", ["-v", "error", ...show, path])?.split("\n") ?? [];
  const keys = lines.map((line) => line.split(",")).filter(([, flags]) => flags?.startsWith("K"));
  return keys.map(([seconds]) => Math.round(Number(seconds) * 1e6));
}

/** ffmpeg decodes and drops; unreel also turns its frames into RGB. */
export async function measureKeyFrames(clip, unreel) {
  const { ptsUs } = await unreel.ask({ do: "show", path: clip.path, options });
  const expected = keyTimes(clip.path);
  if (expected.length === 0 || JSON.stringify(ptsUs) !== JSON.stringify(expected))
    throw new Error(`${clip.name}: unreel's key frames are at ${ptsUs} us, ffprobe's at ${expected} us`);
  const decode = [
    "-nostdin",
    "-v",
    "error",
    "-skip_frame",
    "nokey",
    "-threads",
    "2",
    "-i",
    clip.path,
    "-f",
    "null",
    "-",
  ];
  return inTurn(`${clip.name}, ${expected.length} key frames`, [
    { name: "unreel", run: async () => (await unreel.ask({ do: "sample", path: clip.path, options })).seconds },
    // unreel's process has started before its clock does, so what ffmpeg's start costs is taken off.
    { name: "ffmpeg", run: async () => processSeconds(decode) - processSeconds(["-v", "error", "-version"]) },
  ]);
}
