// Who samples, how, and the check before any clock starts that all of them give the same frames.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readLock } from "../../scripts/deps/fetch.mjs";
import { root } from "../../scripts/lib/root.mjs";
import { say } from "../../scripts/lib/run.mjs";
import { Worker } from "../lib/worker.mjs";

const count = 32;

// swscale's quick way to RGB, which all of the peers take, rounds down at every step: up to 3 levels from the correctly
// rounded value and one level too dark on average. unreel rounds correctly. A neighbouring frame is further away: the
// grain alone moves pixels by more than that.
const allowed = { largest: 4, mean: 1.5 };

/** Microseconds that two ways of rounding the same presentation time may be apart. */
const allowedUs = 1;

/** The peers' ways. `mayMiss`: a way that may give wrong frames; where it does, it is left out of that clip. */
export const ways = [
  { way: "PyAV", library: "PyAV" },
  { way: "torchcodec exact", library: "torchcodec" },
  { way: "torchcodec approximate", library: "torchcodec", mayMiss: true },
  { way: "OpenCV grab", library: "OpenCV" },
  { way: "OpenCV read", library: "OpenCV" },
  // Takes so many times longer than the rest that only the main clip is given to it.
  { way: "OpenCV seek", library: "OpenCV", mainOnly: true },
];

/** One process for unreel and one for each library; a second one of torchcodec for work in two processes. */
export function startWorkers(python) {
  const peer = () => new Worker(python, [join(root, "bench/decode/peers.py")]);
  return {
    unreel: new Worker(process.execPath, [join(root, "bench/decode/unreel.mjs")]),
    PyAV: peer(),
    torchcodec: peer(),
    torchcodecSecond: peer(),
    OpenCV: peer(),
  };
}

/** Each library's name with its version, said once with its FFmpeg. */
export async function describeLibraries(workers) {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  say(`unreel ${version}: FFmpeg ${readLock().ffmpeg.version}, node ${process.versions.node}`);
  const names = new Map();
  for (const library of ["PyAV", "torchcodec", "OpenCV"]) {
    const found = await workers[library].ask({ do: "versions", library });
    say(`${library} ${found.version}: libavcodec ${found.libavcodec}`);
    names.set(library, `${library} ${found.version.split(/[ +]/)[0]}`);
  }
  return names;
}

/** unreel's options: 32 uniform frames. */
export const uniform = (threads) => ({ count, threads });

/** The same frames by index, as a peer wants them. */
export const wantedOf = (clip) =>
  Array.from({ length: count }, (_, k) => Math.floor(((k + 0.5) * clip.frames) / count));

/** A peer's request for them. */
export const requestOf = (clip, way, threads) => ({ way, path: clip.path, wanted: wantedOf(clip), threads });

function complaint(ours, theirs) {
  const apart = ours.ptsUs.findIndex((ptsUs, i) => !(Math.abs(ptsUs - theirs.ptsUs[i]) <= allowedUs));
  if (apart >= 0) return `wanted frame ${apart} is at ${theirs.ptsUs[apart]} us, unreel's at ${ours.ptsUs[apart]} us`;
  const { largest, mean } = theirs;
  if (largest > allowed.largest || mean > allowed.mean)
    return `pixels are up to ${largest} levels from unreel's, ${mean.toFixed(2)} on average`;
  return undefined;
}

/** Those of `candidates` that give unreel's frames of the clip: the same times, the same pixels within what rounding does. */
export async function waysThatAgree(clip, candidates, workers, folder) {
  const into = join(folder, "frames.rgb");
  const ours = await workers.unreel.ask({ do: "show", path: clip.path, options: uniform(2), into });
  if (ours.frameCount !== clip.frames || ours.ptsUs.length !== count)
    throw new Error(
      `${clip.name}: unreel gave ${ours.ptsUs.length} of ${ours.frameCount} frames, not ${count} of ${clip.frames}`,
    );
  const right = [];
  for (const candidate of candidates) {
    const { width, height } = ours;
    const request = { do: "compare", ...requestOf(clip, candidate.way, 2), raw: into, width, height };
    const wrong = complaint(ours, await workers[candidate.library].ask(request));
    if (wrong === undefined) right.push(candidate);
    else if (candidate.mayMiss) say(`${clip.name}: ${candidate.way} is left out, its frames are wrong: ${wrong}`);
    else throw new Error(`${clip.name}: ${candidate.way} and unreel disagree: ${wrong}`);
  }
  rmSync(into);
  return right;
}
