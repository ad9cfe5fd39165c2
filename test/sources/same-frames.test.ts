// One video through every kind of source: the same frames, byte for byte.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { openVideo, type VideoSource } from "../../src/index.js";
import { asset, haveAssets, withoutAssets } from "../support/assets.js";
import { runCli } from "../support/cli.js";
import { writeClip } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";
import { tableFirst, withHole } from "../support/mp4.js";
import { startFileServer } from "../support/servers.js";

const folder = temporaryFolder("same-frames");
const at = (name: string) => join(folder, name);
const haveFfmpeg = spawnSync("ffmpeg", ["-version"], { stdio: "ignore" }).status === 0;

const own = ["own.mp4", "own.mkv", "own.avi", "table-first.mp4", "hole.mp4"].map(at);
const converted = ["transport.ts", "fragmented.mp4"].map(at);
const assets = [
  "nasa_13013.mp4",
  "h265_video.mp4",
  "av1_video.mkv",
  "testsrc2_vp9.webm",
  "testsrc2_mpeg4.avi",
  "animated.gif",
  "unordered.mov",
].map((name) => asset("codecs", name));

beforeAll(async () => {
  for (const name of own.slice(0, 3)) await writeClip(name, 30, { width: 160, height: 96 });
  writeFileSync(at("table-first.mp4"), tableFirst(readFileSync(at("own.mp4"))));
  writeFileSync(at("hole.mp4"), withHole(readFileSync(at("own.mp4")), 3 << 20));
  if (!haveFfmpeg) return;
  const convert = (args: readonly string[], out: string) =>
    execFileSync("ffmpeg", ["-v", "error", "-y", "-i", at("own.mp4"), ...args, at(out)]);
  convert(["-c:v", "mpeg2video"], "transport.ts");
  convert(["-c", "copy", "-movflags", "frag_keyframe+empty_moov"], "fragmented.mp4");
});

/** Every eighth of the video, and the last frame: number, time, pixels. */
async function framesOf(source: VideoSource): Promise<string[]> {
  await using video = await openVideo(source);
  const frames: string[] = [JSON.stringify(video.info)];
  const last = video.info.frameCount - 1;
  const wanted = [...new Set([...Array.from({ length: 8 }, (_, i) => Math.floor((i * last) / 8)), last])];
  for await (const { frame, ptsUs, data } of video.sample({ frames: wanted })) {
    frames.push(`${frame} ${ptsUs} ${createHash("sha256").update(data).digest("hex")}`);
  }
  return frames;
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let begin = 0; begin < bytes.length; begin += size) yield bytes.subarray(begin, begin + size);
}

function check(file: string): void {
  test(basename(file), async () => {
    const bytes = readFileSync(file);
    const expected = await framesOf(file);
    expect(expected.length).toBeGreaterThan(0);
    expect(await framesOf(pathToFileURL(file))).toEqual(expected);
    expect(await framesOf(bytes), "a Buffer").toEqual(expected);
    expect(await framesOf(createReadStream(file)), "a file's stream").toEqual(expected);
    expect(await framesOf(Readable.from(pieces(bytes, 1000))), "a Readable").toEqual(expected);
    expect(await framesOf(pieces(bytes, 70_001)), "a generator").toEqual(expected);
    expect(await framesOf(new Blob([bytes]).stream() as AsyncIterable<Uint8Array>), "a web stream").toEqual(expected);
    for (const options of [{}, { ranges: false }, { ranges: false, chunked: true }]) {
      const server = await startFileServer(bytes, options);
      expect(await framesOf(`${server.origin}/clip`), JSON.stringify(options)).toEqual(expected);
      expect(await framesOf(new URL(`${server.origin}/clip`)), JSON.stringify(options)).toEqual(expected);
    }
    const [fromFile, fromStdin] = await Promise.all([
      runCli(["sample", file, "--count", "8"]),
      runCli(["sample", "-", "--count", "8"], { stdin: bytes }),
    ]);
    expect({ ...fromStdin, stderr: "" }).toEqual({ ...fromFile, stderr: "" });
    expect(fromFile.status, fromFile.stderr).toBe(0);
  });
}

describe("clips that unreel writes", () => {
  own.forEach(check);
});
describe.skipIf(!haveFfmpeg)(`what ffmpeg makes of them${haveFfmpeg ? "" : " (needs the program ffmpeg)"}`, () => {
  converted.forEach(check);
});
describe.skipIf(!haveAssets)(`clips of others${haveAssets ? "" : ` (${withoutAssets})`}`, () => {
  assets.forEach(check);
});

test("two samplings at once, one of which opens the stream's bytes anew", async () => {
  const file = at("own.mp4");
  await using video = await openVideo(createReadStream(file));
  const [first, second] = [video.sample(), video.sample()];
  let frames = 0;
  for await (const { data } of first) {
    const twin = await second.next();
    expect(twin.done === false && Buffer.compare(twin.value.data, data)).toBe(0);
    frames++;
  }
  expect(frames).toBe(30);
});
