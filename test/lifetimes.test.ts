// What happens to threads, files and the process when work ends early; each case is a program in lifetimes/. A case that
// hangs is ended by vitest and fails.
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  createOrOpenStore,
  extractFeatures,
  loadEncoder,
  makeModel,
  openVideo,
  trainDetectorHead,
  trainDetectorSvm,
} from "../src/index.js";
import { writeClip } from "./support/fixtures.js";
import { temporaryFolder } from "./support/folders.js";
import { runProgram } from "./support/programs.js";

const folder = temporaryFolder("lifetimes");
const at = (name: string) => join(folder, name);
const clip = at("clip.mp4");
const encoder = at("tiny.onnx");
const detector = at("detector");
const frames = 60;

const program = (name: string) => join(import.meta.dirname, "lifetimes", `${name}.mjs`);
const endless = ["embed", "scanMany", "sample", "stream", "train", "leave", "close"];

async function writeDetector(): Promise<void> {
  await using loaded = await loadEncoder(encoder);
  const { dimension } = loaded.info;
  const store = await createOrOpenStore(at("features"), { dimension, fingerprint: loaded.fingerprint(4) });
  const clips = [0, 1, 2, 3].map((hue) => ({ path: at(`${hue}.mp4`), hue }));
  for (const { path, hue } of clips) await writeClip(path, 8, { hue: 40 * hue });
  const videos = clips.map(({ path, hue }) => ({ id: path, path, label: (hue & 1) as 0 | 1, group: `g${hue >> 1}` }));
  await extractFeatures(videos, loaded, store, { count: 4 });
  await trainDetectorHead(store, detector, { epochs: 1, dim: 4, validation: 0.5, encoders: loaded.info.parts });
  await trainDetectorSvm(store, detector);
}

beforeAll(async () => {
  await writeClip(clip, frames, { width: 320, height: 240 });
  await makeModel("tiny", encoder);
  await writeDetector();
});

describe("worker threads", () => {
  test("two of them and the main thread use the addon at once, and get the same", async () => {
    const { status, stdout, stderr } = await runProgram(program("workers"), [clip, encoder]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { results, codes } = JSON.parse(stdout);
    expect(codes).toEqual([0, 0]);
    expect(results).toHaveLength(4);
    for (const result of results) expect(result).toEqual(results[0]);
    expect(results[0]).toMatchObject({
      embedded: new Array(3).fill([true, 4, expect.any(Number)]),
      crop: 224 * 224 * 3,
    });
  });

  test.each(endless)(
    "may be terminated in the middle of work without end (%s), and the process lives on",
    async (work) => {
      const result = await runProgram(program("terminated"), [work, clip, encoder, detector]);
      expect({ ...result, stdout: "" }).toEqual({ status: 0, signal: null, stdout: "", stderr: "" });
      expect(JSON.parse(result.stdout)).toEqual({ codes: new Array(8).fill(1), frames });
    },
  );
});

describe("the process", () => {
  test.each(endless.flatMap((work) => [1, 2, 7].map((results) => ({ work, results }))))(
    "ends with process.exit()'s code in the middle of work without end ($work, at result $results)",
    async ({ work, results }) => {
      const args = [work, String(results), "7", clip, encoder, detector];
      const ended = await runProgram(program("exiting"), args);
      expect(ended).toEqual({ status: 7, signal: null, stdout: "", stderr: "" });
    },
  );

  test("comes to its end by itself though an encoder, a video and a sampling are held open", async () => {
    const ended = await runProgram(program("idle"), [clip, encoder]);
    expect(ended).toEqual({ status: 0, signal: null, stdout: "idle\n", stderr: "" });
  });
});

describe("200 videos leave no file and no thread behind", () => {
  test.each([
    ["read to the end", "read"],
    ["left after the first frame", "left"],
    ["closed while they are sampled", "closed"],
    ["aborted while they are sampled", "aborted"],
    ["from streams, read to the end", "streamed"],
    ["from streams, left after the first frame and closed", "streamLeft"],
    ["from streams that are aborted while they are waited for", "streamAborted"],
    ["from streams, never closed, once the garbage collector has been by", "streamDropped"],
    ["never closed, once the garbage collector has been by", "dropped"],
  ])("%s", async (_what, way) => {
    const { status, stdout, stderr } = await runProgram(program("handles"), [way, clip], ["--expose-gc"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { before, after } = JSON.parse(stdout);
    expect(after).toEqual(before);
  });

  test("nor do encoders whose loops are left early", async () => {
    const { status, stdout, stderr } = await runProgram(
      program("handles"),
      ["embedded", clip, encoder],
      ["--expose-gc"],
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { before, after } = JSON.parse(stdout);
    expect(after).toEqual(before);
  });
});

describe("closing a video ends its samplings", () => {
  const aborted = { name: "AbortError", code: "ERR_UNREEL_ABORTED" };

  test("the next frame is an AbortError, waited for or not, and no later sampling can begin", async () => {
    const video = await openVideo(clip);
    const [read, waiting] = [video.sample(), video.sample({ size: "clip" })];
    await read.next();
    const frame = waiting.next().catch((error: unknown) => error);
    video.close();
    await expect(read.next()).rejects.toMatchObject(aborted);
    const first = await frame;
    if (first instanceof Error) expect(first).toMatchObject(aborted);
    else await expect(waiting.next()).rejects.toMatchObject(aborted);
    await expect(video.sample().next()).rejects.toMatchObject({ code: "ERR_UNREEL_DISPOSED" });
    video.close();
  });

  test("so that many closed videos do not stand in the way of the next one", async () => {
    const videos = await Promise.all(Array.from({ length: 40 }, () => openVideo(clip)));
    const samplings = videos.map((video) => video.sample());
    await Promise.all(samplings.map((sampling) => sampling.next()));
    for (const video of videos) video.close();
    await using next = await openVideo(clip);
    expect(next.info.frameCount).toBe(frames);
    for (const sampling of samplings) await expect(sampling.next()).rejects.toMatchObject(aborted);
  });
});
