// From a picture in memory to what CLIP takes: resize, centre crop, normalised floats. One thread each: unreel beside
// Pillow, torchvision and OpenCV, in warm processes that take turns. unreel's clock runs in C++ (native/bench), the peers'
// in Python around their calls; neither counts reading the file. Before a clock starts the results are compared: Pillow's
// bytes must be ours, the others' are another algorithm's, and how far they lie is printed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildNative } from "../../scripts/build.mjs";
import { ensureVenv } from "../../scripts/lib/python.mjs";
import { root } from "../../scripts/lib/root.mjs";
import { say } from "../../scripts/lib/run.mjs";
import { ensureBenchTools } from "../../scripts/lib/system.mjs";
import { inTurn } from "../lib/rounds.mjs";
import { Worker } from "../lib/worker.mjs";
import { makePictures } from "./pictures.mjs";

const size = 224;

/** Most levels that another antialiased or area resize of real footage may be away on average. */
const allowedMean = 3;

/** The peers; torchvision in both layouts of its input, of which the quicker one counts. */
const ways = ["Pillow", "torchvision", "torchvision planar", "OpenCV INTER_AREA"];

/** unreel's layouts: the first one is compared with the peers, the others are printed beside it. */
const layouts = ["rgb24", "gbrp", "yuv420p"];

const program = join(root, "build/release/native/bench/preprocess_loop");

/** Pictures a round, so that each round takes a few tenths of a second. */
const timesOf = (picture) => Math.ceil(200_000_000 / (picture.width * picture.height));

async function startUnreel(picture, layout, folder) {
  const crop = join(folder, `${picture.name}.${layout}.crop`);
  const floats = join(folder, `${picture.name}.${layout}.floats`);
  const times = String(timesOf(picture));
  const measures = [picture.width, picture.height, size].map(String);
  const worker = new Worker(program, [picture[layout], layout, ...measures, times, crop, floats]);
  const { target } = await worker.hello();
  return { worker, target, crop, floats };
}

/** Has the peer do the work once, and refuses it when its result is not ours. */
async function compare(way, peer, picture, { crop, floats }) {
  const request = { do: "prepare", way, picture: picture.rgb24, width: picture.width, height: picture.height };
  const seen = await peer.ask({ ...request, size, crop, floats });
  const { version, differing, largest, mean, largestFloat } = seen;
  say(
    `${picture.name}: ${version} beside unreel: ${differing} of ${3 * size * size} bytes differ, by ${largest} levels at ` +
      `most, ${mean.toFixed(3)} on average; floats by ${largestFloat.toExponential(1)} at most`,
  );
  // numpy's float32 operations are those of the formula, in its order.
  if (way === "Pillow" && (differing > 0 || largestFloat > 0))
    throw new Error(`${picture.name}: ${version} and unreel disagree`);
  if (mean > allowedMean) throw new Error(`${picture.name}: ${version} does other work: ${mean} levels on average`);
  return version;
}

async function measure(picture, peers, folder) {
  const ours = new Map();
  try {
    for (const layout of layouts) ours.set(layout, await startUnreel(picture, layout, folder));
    const versions = new Map();
    for (const [way, peer] of peers) versions.set(way, await compare(way, peer, picture, ours.get("rgb24")));
    const run = (way) => ({ do: "run", way, picture: picture.rgb24, times: Math.ceil(timesOf(picture) / 10) });
    const contenders = [
      ...[...ours].map(([layout, { worker }]) => ({
        name: `unreel ${layout}`,
        run: async () => (await worker.ask({})).seconds,
      })),
      ...[...peers].map(([way, peer]) => ({ name: way, run: async () => (await peer.ask(run(way))).seconds })),
    ];
    // Warm before the clock counts: the first calls of a library look for what they need.
    for (const contender of contenders) await contender.run();
    return { times: await inTurn(picture.name, contenders), versions, target: ours.get("rgb24").target };
  } finally {
    for (const { worker } of ours.values()) worker.close();
  }
}

/** One row a contender; `ratio` is its time over that of unreel from the same bytes of RGB. */
function rowsOf(picture, { times, versions }) {
  const ours = times.get("unreel rgb24").median;
  return [...times].map(([name, { median, min, max }]) => ({
    picture: picture.name,
    contender: `${name}${versions.has(name) ? `: ${versions.get(name)}` : ""}`,
    milliseconds: 1000 * median,
    least: 1000 * min,
    most: 1000 * max,
    ratio: median / ours,
  }));
}

/** What of the time from a decoder's 4:2:0 planes the conversion to RGB takes. */
function sayConversion(picture, { times, target }) {
  const share = 1 - times.get("unreel gbrp").median / times.get("unreel yuv420p").median;
  say(`${picture.name}: unreel on ${target}; conversion from 4:2:0 takes ${(100 * share).toFixed(0)} % of its time`);
}

function ratiosOf(all) {
  const over = (name, way) => all.get(name).get(way).median / all.get(name).get("unreel rgb24").median;
  const torchvision = (name) => Math.min(over(name, "torchvision"), over(name, "torchvision planar"));
  return {
    vs_pillow_1080p: over("1080p", "Pillow"),
    vs_pillow_720p: over("720p", "Pillow"),
    vs_pillow_360p: over("360p", "Pillow"),
    vs_torchvision_1080p: torchvision("1080p"),
    vs_torchvision_360p: torchvision("360p"),
    vs_opencv_area_1080p: over("1080p", "OpenCV INTER_AREA"),
  };
}

export async function runSuite() {
  const missing = await ensureBenchTools();
  if (missing.length > 0) throw new Error(`this suite needs Debian's packages ${missing.join(", ")}`);
  const python = await ensureVenv("bench");
  if (python === undefined) throw new Error("this suite needs the peers of bench/requirements.txt");
  await buildNative({ bench: true });
  const folder = mkdtempSync(join(tmpdir(), "unreel-bench-"));
  const peers = new Map(ways.map((way) => [way, new Worker(python, [join(root, "bench/preprocess/peers.py")])]));
  try {
    const rows = [];
    const all = new Map();
    for (const picture of await makePictures(folder)) {
      const measured = await measure(picture, peers, folder);
      rows.push(...rowsOf(picture, measured));
      sayConversion(picture, measured);
      all.set(picture.name, measured.times);
    }
    return { rows, ratios: ratiosOf(all) };
  } finally {
    for (const peer of peers.values()) peer.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
