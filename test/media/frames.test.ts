// Frames against FFmpeg: presentation times and pixels of torchcodec's reference files.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Frame, openVideo } from "../../src/index.js";
import { asset, haveAssets, withoutAssets } from "../support/assets.js";
import { temporaryFolder } from "../support/folders.js";

/** A reference picture: FFmpeg's rgb24 of one frame of a stream. */
interface Reference {
  readonly clip: string;
  readonly stream: number;
  readonly frame: number;
}

// Stream 3 is the best video stream of nasa_13013.mp4, the one that unreel chooses.
const references: readonly Reference[] = [
  ...[0, 1, 2, 5, 9, 15, 25, 387].map((frame) => ({ clip: "nasa_13013.mp4", stream: 3, frame })),
  { clip: "av1_video.mkv", stream: 0, frame: 10 },
  { clip: "h265_video.mp4", stream: 0, frame: 5 },
];

async function frameOf(clip: string, frame: number): Promise<Frame> {
  await using video = await openVideo(asset("codecs", clip));
  for await (const each of video.sample({ frames: [frame] })) return each;
  throw new Error(`${clip} has no frame ${frame}`);
}

function difference(a: Uint8Array, b: Uint8Array): { max: number; mean: number } {
  let max = 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    max = Math.max(max, d);
    sum += d;
  }
  return { max, mean: sum / a.length };
}

describe.skipIf(!haveAssets)(`pixels beside FFmpeg's rgb24${haveAssets ? "" : ` (${withoutAssets})`}`, () => {
  test.each(references)("$clip stream $stream frame $frame", async ({ clip, stream, frame }) => {
    const name = `${clip}.stream${stream}.frame${String(frame).padStart(6, "0")}.rgb`;
    const expected = readFileSync(asset("codecs", name));
    const { data } = await frameOf(clip, frame);
    expect(data.length).toBe(expected.length);
    const { max, mean } = difference(data, expected);
    console.log(`${name}: max |difference| ${max}, mean ${mean.toFixed(4)}`);
    expect(max).toBeLessThanOrEqual(3);
    expect(mean).toBeLessThan(1);
  });
});

describe.skipIf(!haveAssets)(`presentation times${haveAssets ? "" : ` (${withoutAssets})`}`, () => {
  test.each(["nasa_13013.mp4.stream3", "nasa_13013_rotated.mp4.stream0"])("%s", async (name) => {
    const text = readFileSync(asset("codecs", `${name}.all_frames_info.json`), "utf8");
    const listed = JSON.parse(text) as { readonly pts_time: string }[];
    await using video = await openVideo(asset("codecs", name.replace(/\.stream\d+$/, "")));
    expect(video.info.frameCount).toBe(listed.length);
    const times: number[] = [];
    for await (const { ptsUs } of video.sample({ all: true, size: "clip" })) times.push(ptsUs);
    expect(times).toEqual(listed.map(({ pts_time }) => Math.round(Number(pts_time) * 1e6)));
  });

  test("unordered.mov: 0, 31250, 62500, 93750", async () => {
    await using video = await openVideo(asset("codecs/unordered.mov"));
    const times: number[] = [];
    for await (const { ptsUs } of video.sample()) times.push(ptsUs);
    expect(times).toEqual([0, 31250, 62500, 93750]);
  });
});

describe.skipIf(!haveAssets)(`sampling${haveAssets ? "" : ` (${withoutAssets})`}`, () => {
  test("count takes floor((k + 0.5) F / N), and the pixels are those of a full decode", async () => {
    await using video = await openVideo(asset("codecs/bt709_full_range.mp4"));
    const all: Frame[] = [];
    for await (const frame of video.sample({ size: "clip" })) all.push(frame);
    const count = 7;
    let k = 0;
    for await (const frame of video.sample({ count, size: "clip" })) {
      const expected = Math.floor(((k + 0.5) * all.length) / count);
      expect(frame.frame).toBe(expected);
      expect(Buffer.compare(frame.data, all[expected]?.data ?? Buffer.alloc(0))).toBe(0);
      k++;
    }
    expect(k).toBe(count);
  });

  test.each([1, 2, 3])("a range and the frames in it, with %i threads", async (threads) => {
    await using video = await openVideo(asset("codecs/nasa_13013.mp4"));
    const all: Frame[] = [];
    for await (const frame of video.sample({ size: "clip" })) all.push(frame);
    const [startUs, endUs] = [3_000_000, 9_000_000];
    const within = all.filter(({ ptsUs }) => ptsUs >= startUs && ptsUs < endUs);
    const count = 5;
    let k = 0;
    for await (const frame of video.sample({ count, startUs, endUs, threads, size: "clip" })) {
      const expected = within[Math.floor(((k + 0.5) * within.length) / count)];
      expect(frame.frame).toBe(expected?.frame);
      expect(Buffer.compare(frame.data, expected?.data ?? Buffer.alloc(0))).toBe(0);
      k++;
    }
    expect(k).toBe(count);
  });

  test("what no wanted frame depends on is not decoded, and the statistics say so", async () => {
    await using video = await openVideo(asset("codecs/nasa_13013.mp4"));
    for await (const { frame } of video.sample({ count: 32, size: "clip" })) expect(frame).toBeGreaterThanOrEqual(0);
    const { packets, packetsDecoded, fallbacks } = video.stats;
    expect(packets).toBe(390);
    expect(packetsDecoded).toBeLessThan(packets);
    expect(fallbacks).toEqual({ packetsChanged: 0, frameMissing: 0, frameDamaged: 0 });
  });

  test("wrong ranges and threads are refused at once", async () => {
    await using video = await openVideo(asset("codecs/h265_video.mp4"));
    expect(() => video.sample({ startUs: 5, endUs: 5 })).toThrow(RangeError);
    expect(() => video.sample({ startUs: 0.5 })).toThrow(RangeError);
    expect(() => video.sample({ threads: 0 })).toThrow(RangeError);
    expect(() => video.sample({ threads: 65 })).toThrow(RangeError);
    for await (const frame of video.sample({ startUs: 1e12 })) throw new Error(`frame ${frame.frame} came`);
  });

  test("a count above the frame count gives every frame once", async () => {
    await using video = await openVideo(asset("codecs/h265_video.mp4"));
    const frames: number[] = [];
    for await (const { frame } of video.sample({ count: 100 })) frames.push(frame);
    expect(frames).toEqual(Array.from({ length: 10 }, (_, i) => i));
  });

  test.each([
    ["video_0.mov", 320, 568],
    ["video_90.mov", 568, 320],
    ["video_180.mov", 320, 568],
    ["video_270.mov", 568, 320],
  ])("%s comes upright", async (clip, height, width) => {
    await using video = await openVideo(asset("codecs", clip));
    const { info } = video;
    for await (const frame of video.sample({ frames: [0] })) {
      expect([frame.height, frame.width]).toEqual([info.height, info.width]);
      expect([frame.height, frame.width].sort()).toEqual([height, width].sort());
    }
  });

  test("leaving the loop early stops the decoder, and the video can be sampled again", async () => {
    await using video = await openVideo(asset("codecs/nasa_13013.mp4"));
    for await (const frame of video.sample()) {
      expect(frame.frame).toBe(0);
      break;
    }
    for await (const frame of video.sample({ frames: [3] })) expect(frame.frame).toBe(3);
  });

  test("an AbortSignal ends the loop with an AbortError whose cause is the reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    await using video = await openVideo(asset("codecs/nasa_13013.mp4"));
    const loop = async () => {
      for await (const frame of video.sample({ signal: controller.signal }))
        if (frame.frame === 2) controller.abort(reason);
    };
    await expect(loop()).rejects.toMatchObject({ name: "AbortError", code: "ERR_UNREEL_ABORTED", cause: reason });
  });
});

const haveFfmpeg = spawnSync("ffmpeg", ["-version"], { stdio: "ignore" }).status === 0;

describe.skipIf(!haveFfmpeg)(`packed formats${haveFfmpeg ? "" : " (needs the program ffmpeg)"}`, () => {
  const folder = temporaryFolder("packed");

  test.each(["rgb555be", "rgb24", "gray"])("raw %s in QuickTime is FFmpeg's rgb24 to one level", async (format) => {
    const clip = join(folder, `${format}.mov`);
    const source = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=1"];
    execFileSync("ffmpeg", ["-v", "error", "-y", ...source, "-c:v", "rawvideo", "-pix_fmt", format, clip]);
    const expected = execFileSync("ffmpeg", ["-v", "error", "-i", clip, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]);
    await using video = await openVideo(clip);
    let at = 0;
    for await (const { data } of video.sample()) {
      expect(difference(data, expected.subarray(at, at + data.length)).max).toBeLessThanOrEqual(1);
      at += data.length;
    }
    expect(at).toBe(expected.length);
  });
});
