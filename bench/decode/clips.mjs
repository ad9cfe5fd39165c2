// The clips of the suite, made once from real footage by the machine's ffmpeg with fixed recipes.
//
// What a decoder costs and how many frames nothing refers to depend on the content: a test pattern that moves evenly, or
// noise, lets an encoder choose another mix of frame types than people do. So each clip is footage of people, one shot
// without cuts (a cut starts a new group of pictures), with a slow pan as of a held camera and a mild grain, which gives
// the enlarged footage texture again. x264 then makes about half of the frames non-reference ones, as usual for it.
// The colour matrix is written into the files, or players would guess one by height and disagree about every pixel.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fetchSource } from "../../scripts/deps/fetch.mjs";
import { cachedFolder, keyOf } from "../../scripts/lib/cache.mjs";
import { root } from "../../scripts/lib/root.mjs";
import { output, run, say } from "../../scripts/lib/run.mjs";

const x264 = ["-c:v", "libx264"];
const x265 = ["-c:v", "libx265", "-x265-params", "log-level=error"];
const vp9 = ["-c:v", "libvpx-vp9", "-cpu-used", "4", "-row-mt", "1"];
const av1 = ["-c:v", "libsvtav1"];

/** A slow pan over `filter`'s pictures, made `width` wide first, and the form that is encoded. */
function panned(filter, wide, [width, height]) {
  const crop = `crop=${width}:${height}:x='(iw-ow)/2*(1+sin(0.5*t))':y='(ih-oh)/2*(1+0.3*sin(0.8*t))'`;
  const grain = "noise=alls=4:allf=t:all_seed=1";
  const colour = "setparams=colorspace=smpte170m:color_primaries=smpte170m:color_trc=smpte170m:range=tv";
  // 4:4:4 while cropping, so that the pan may move by single pixels.
  return `${filter}scale=${wide}:-2:flags=lanczos:out_range=tv,format=yuv444p,${crop},${grain},format=yuv420p,${colour}`;
}

/** A public square, 795 frames of 768 x 576, shown faster than it was filmed. */
function street({ name, file, fps, seconds, size, wide, encoder, without }) {
  const args = ["-t", String(seconds), ...encoder];
  const filter = panned("", wide, size);
  return { name, file, source: "street", inputFps: fps, frames: fps * seconds, filter, args, without };
}

/** One person before a still camera, as in Celeb-DF: a take of some seconds there and back, again and again. */
function face(take) {
  const fps = 25;
  const frames = 12 * fps;
  const loop = `split[a][b];[b]reverse[r];[a][r]concat,loop=-1:size=300,setpts=N/(${fps}*TB),`;
  const filter = panned(loop, 1056, [944, 500]);
  const args = ["-r", String(fps), "-frames:v", String(frames), ...x264];
  return { name: `x264 500p ${take}`, file: "clip.mp4", source: take, frames, filter, args };
}

const hd = { fps: 30, size: [1280, 720], wide: 1408 };
const fullHd = { file: "clip.mp4", fps: 25, seconds: 30, size: [1920, 1080], wide: 2112 };
const recipes = {
  main: street({ ...hd, name: "x264 720p30 20 s", file: "clip.mp4", seconds: 20, encoder: x264 }),
  others: [
    street({ ...fullHd, name: "x264 1080p25 30 s", encoder: x264 }),
    street({ ...hd, name: "x265 720p30 10 s", file: "clip.mp4", seconds: 10, encoder: x265 }),
    street({ ...hd, name: "vp9 720p30 10 s", file: "clip.webm", seconds: 10, encoder: vp9 }),
    // OpenCV's wheel carries no AV1 decoder but that of graphics hardware.
    street({ ...hd, name: "av1 720p30 10 s", file: "clip.mp4", seconds: 10, encoder: av1, without: "OpenCV" }),
  ],
  // Enough key frames to be measured: one a second.
  keyed: street({ ...fullHd, name: "x264 1080p25 30 s, GOP 25", encoder: [...x264, "-g", "25"] }),
  takes: ["again", "bird", "book", "brother", "eat", "help", "hungry", "learn", "milk", "night", "no", "please"].map(
    face,
  ),
};

async function sourceOf(recipe) {
  if (recipe.source === "street") return join(await fetchSource("demo-footage"), "vtest.avi");
  const folder = join(resolve(process.env.UNREEL_ASSETS ?? join(root, "../shared/assets")), "faces");
  if (!existsSync(folder)) throw new Error("this suite needs the clips in ../shared/assets (or UNREEL_ASSETS)");
  return join(folder, `${recipe.source}.mkv`);
}

async function make({ without, ...recipe }) {
  const { name, file, inputFps, filter, args, frames } = recipe;
  const version = output("ffmpeg", ["-version"])?.split("\n")[0];
  const folder = await cachedFolder("bench-clips", keyOf(recipe, version), async (scratch) => {
    say(`making the clip ${name}`);
    const input = [...(inputFps ? ["-r", String(inputFps)] : []), "-i", await sourceOf(recipe)];
    const common = ["-nostdin", "-v", "error", ...input, "-an", "-vf", filter];
    await run("ffmpeg", [...common, ...args, join(scratch, file)], { capture: true });
  });
  return { name, path: join(folder, file), frames, without };
}

async function makeAll(list) {
  const clips = [];
  // One after the other: the encoders use every core.
  for (const recipe of list) clips.push(await make(recipe));
  return clips;
}

/**
 * The clips as `{name, path, frames, without}`, the last a library that cannot read it: `main`, of which most ratios speak, `others` beside it, `keyed` with many key
 * frames, `takes`, short ones of one length for what reads many videos, and `take`, the one of them measured alone.
 */
export async function makeClips() {
  const main = await make(recipes.main);
  const others = await makeAll(recipes.others);
  const keyed = await make(recipes.keyed);
  const takes = await makeAll(recipes.takes);
  return { main, others, keyed, takes, take: takes[0] };
}
