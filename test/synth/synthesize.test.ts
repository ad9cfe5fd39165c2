// A whole synthetic dataset from small clips: what it writes, what it refuses, what it leaves behind.
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { loadDataset } from "../../src/datasets/index.js";
import { findLeaks } from "../../src/datasets/leak.js";
import { blend, crop, maskAt, type Picture } from "../../src/synth/blend.js";
import type { DescribedClip, SynthDescription } from "../../src/synth/description.js";
import { ellipseAt } from "../../src/synth/swap.js";
import { type SynthesizeOptions, synthesize } from "../../src/synth/synthesize.js";
import { type Frame, openVideo } from "../../src/video.js";
import { writeClip } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("synth");
const at = (name: string) => join(folder, name);
const footage = ["a.mp4", "b.mp4", "c.mp4"].map((name) => at(join("footage", name)));
/** Six clips of ten frames. */
const small: SynthesizeOptions = { clips: 6, seconds: 0.4, minSize: { width: 64, height: 64 } };

/** The SHA-256 of every file below a folder. */
function hashes(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(root, name)).isFile(),
  );
  return Object.fromEntries(
    names.sort().map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(root, name)))
        .digest("hex"),
    ]),
  );
}

function describedIn(root: string): SynthDescription {
  return JSON.parse(readFileSync(join(root, "synthetic.json"), "utf8"));
}

async function framesOf(path: string): Promise<Frame[]> {
  await using video = await openVideo(path);
  const frames: Frame[] = [];
  for await (const frame of video.sample()) frames.push(frame);
  return frames;
}

/** The mean difference of two pictures' bytes over some of their pixels. */
function meanDifference(a: Picture | undefined, b: Picture, of: (x: number, y: number) => boolean): number {
  expect([a?.width, a?.height]).toEqual([b.width, b.height]);
  let sum = 0;
  let count = 0;
  for (const [i, value] of b.data.entries()) {
    const pixel = Math.floor(i / 3);
    if (!of(pixel % b.width, Math.floor(pixel / b.width))) continue;
    sum += Math.abs(value - (a?.data[i] ?? Number.NaN));
    count++;
  }
  return sum / count;
}

beforeAll(async () => {
  mkdirSync(at("footage"));
  for (const [i, path] of footage.entries()) await writeClip(path, 24, { width: 128, height: 96, hue: 50 * i });
  await synthesize(footage, at("whole"), small);
});

describe("a synthetic dataset", () => {
  it("is Celeb-DF v2's folders, names and list, with 1 for real, and says in its name that it is none", async () => {
    const { name, videos } = await loadDataset("celeb-df-v2", at("whole"));
    expect(name).toBe("celeb-df-v2 (synthetic unreel synth)");
    expect(videos).toHaveLength(12);
    for (const { id, label } of videos) {
      expect(id).toMatch(label === 1 ? /^Celeb-synthesis\/id\d_id\d_0000\.mp4$/ : /^Celeb-real\/id\d_0000\.mp4$/);
    }
    const list = readFileSync(at("whole/List_of_testing_videos.txt"), "utf8");
    expect(list).toMatch(/^(1 Celeb-real\/id\d_0000\.mp4\n){2}(0 Celeb-synthesis\/id\d_id\d_0000\.mp4\n){2}$/);
    expect(readdirSync(at("whole")).sort()).toEqual([
      "Celeb-real",
      "Celeb-synthesis",
      "List_of_testing_videos.txt",
      "synthetic.json",
    ]);
  });

  it("has each clip as it is and blended, on one side, with nothing shared between the sides", async () => {
    const { videos } = await loadDataset("celeb-df-v2", at("whole"));
    const fakes = videos.filter(({ label }) => label === 1);
    const reals = new Map(videos.filter(({ label }) => label === 0).map((video) => [video.id, video]));
    expect(new Set(fakes.map(({ source }) => source))).toEqual(new Set(reals.keys()));
    for (const { source = "", split } of fakes) expect(reals.get(source)?.split).toBe(split);
    const on = (side: string) => videos.filter(({ split }) => split === side);
    expect([on("train").length, on("test").length]).toEqual([8, 4]);
    expect(findLeaks(on("train"), on("test"))).toEqual([]);
  });

  it("gives nothing away by the files: twins have the same size, length, times and codec", async () => {
    for (const { real, fake, frames } of describedIn(at("whole")).clips) {
      await using first = await openVideo(at(join("whole", real.file)));
      await using second = await openVideo(at(join("whole", fake.file)));
      expect(second.info).toEqual(first.info);
      expect(first.info).toMatchObject({ frameCount: frames, codec: "mpeg4" });
      expect([real.bytes, fake.bytes]).toEqual([real, fake].map(({ file }) => statSync(at(join("whole", file))).size));
    }
  });

  it("has the pixels of the footage, and in the fakes the donor's, frame by frame, where the description says", async () => {
    const { clips, sources } = describedIn(at("whole"));
    const original = await Promise.all(sources.map(({ file }) => framesOf(at(join("footage", file)))));
    const pictureOf = ({ source, firstFrame, region }: DescribedClip, i: number) => {
      const frame = original[source]?.[firstFrame + i];
      return frame === undefined ? expect.fail(`there is no frame ${firstFrame + i}`) : crop(frame, region);
    };
    expect(clips.some(({ region }) => region.x > 0)).toBe(true);
    for (const clip of clips) {
      const { width, height } = clip.region;
      const donor = clips.find(({ id }) => id === clip.fake.donor) ?? expect.fail("there is no donor");
      const real = await framesOf(at(join("whole", clip.real.file)));
      const fake = await framesOf(at(join("whole", clip.fake.file)));
      for (const i of [0, clip.frames - 1]) {
        const ellipse = ellipseAt(clip.fake.swap, i / (clip.frames - 1), width, height);
        const target = pictureOf(clip, i);
        const blended = blend(target, pictureOf(donor, i), ellipse, clip.fake.swap);
        const inMiddle = (x: number, y: number) => maskAt(ellipse, x + 0.5, y + 0.5) === 1;
        // MPEG-4 loses a little everywhere; another frame, place or donor would be far away.
        expect(meanDifference(real[i], target, () => true)).toBeLessThan(6);
        expect(meanDifference(fake[i], blended, () => true)).toBeLessThan(6);
        expect(meanDifference(fake[i], blended, inMiddle)).toBeLessThan(9);
        expect(meanDifference(fake[i], target, inMiddle)).toBeGreaterThan(20);
      }
    }
  });

  it("describes where each clip was cut, and no two share a pixel", () => {
    const { synthetic, generator, note, sources, clips, seed, parameters } = describedIn(at("whole"));
    expect({ synthetic, generator, seed }).toEqual({ synthetic: true, generator: "unreel synth", seed: 1 });
    expect(note).toMatch(/NOT Celeb-DF v2/);
    expect(parameters).toMatchObject({ clips: 6, seconds: 0.4 });
    expect(sources).toEqual(
      footage.map((path, i) => ({
        file: ["a.mp4", "b.mp4", "c.mp4"][i],
        sha256: createHash("sha256").update(readFileSync(path)).digest("hex"),
        width: 128,
        height: 96,
        frames: 24,
        fps: 25,
      })),
    );
    for (const { firstFrame, frames, startUs, endUs } of clips) {
      expect([startUs, endUs]).toEqual([firstFrame * 40_000, (firstFrame + frames - 1) * 40_000]);
    }
    const spans = clips.map(({ source, region, firstFrame }) => JSON.stringify([source, region, firstFrame]));
    expect(new Set(spans).size).toBe(6);
  });

  it("is the same for the same seed, byte for byte, and another for another", async () => {
    await synthesize(footage, at("again"), small);
    expect(hashes(at("again"))).toEqual(hashes(at("whole")));
    await synthesize(footage, at("other"), { ...small, seed: 2 });
    const [one, other] = [hashes(at("whole")), hashes(at("other"))];
    const same = Object.keys(other).filter((name) => name.startsWith("Celeb-synthesis") && one[name] === other[name]);
    expect(same).toEqual([]);
  });

  it("tells of its progress, clip by clip", async () => {
    const told: unknown[] = [];
    const summary = await synthesize(footage, at("told"), { ...small, onProgress: (progress) => told.push(progress) });
    expect(told).toEqual([1, 2, 3, 4, 5, 6].map((done) => ({ done, total: 6 })));
    expect(summary).toEqual({
      synthetic: true,
      root: at("told"),
      reused: false,
      clips: 6,
      train: 4,
      test: 2,
      splitBy: "video",
      sources: 3,
      skipped: [],
    });
  });
});

describe("a folder that holds a dataset", () => {
  /** When each video was written. */
  const written = (root: string) =>
    readdirSync(root, { recursive: true, encoding: "utf8" }).map((name) => [name, statSync(join(root, name)).mtimeMs]);

  it("is left as it is when nothing changed", async () => {
    const before = written(at("whole"));
    expect(await synthesize(footage, at("whole"), small)).toMatchObject({ reused: true, clips: 6, train: 4, test: 2 });
    expect(written(at("whole"))).toEqual(before);
  });

  it.each<[string, (root: string) => void]>([
    ["a video is lost", (root) => rmSync(join(root, "Celeb-real/id3_0000.mp4"))],
    ["a video was cut off", (root) => writeFileSync(join(root, "Celeb-real/id3_0000.mp4"), "short")],
    ["the list is lost", (root) => rmSync(join(root, "List_of_testing_videos.txt"))],
    [
      "the list was edited",
      (root) => writeFileSync(join(root, "List_of_testing_videos.txt"), "1 Celeb-real/id3_0000.mp4\n"),
    ],
  ])("is made whole again when %s", async (what, damage) => {
    const root = at(`mended ${what}`);
    await synthesize(footage, root, small);
    damage(root);
    expect((await synthesize(footage, root, small)).reused).toBe(false);
    expect(hashes(root)).toEqual(hashes(at("whole")));
  });

  it("is replaced when options or footage changed, and nothing of it stays but what others put there", async () => {
    const root = at("replaced");
    await synthesize(footage, root, { ...small, clips: 8 });
    writeFileSync(join(root, "Celeb-real/notes.txt"), "mine");
    expect((await synthesize(footage, root, small)).reused).toBe(false);
    const { "Celeb-real/notes.txt": notes, ...ours } = hashes(root);
    expect(notes).toBeDefined();
    expect(ours).toEqual(hashes(at("whole")));
    expect((await synthesize(footage.slice(0, 2), root, small)).reused).toBe(false);
  });

  it("is refused, untouched, when it is somebody else's", async () => {
    const foreign = at("foreign");
    mkdirSync(foreign);
    writeFileSync(join(foreign, "synthetic.json"), '{"synthetic": true, "generator": "another"}');
    await expect(synthesize(footage, foreign, small)).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
    expect(readdirSync(foreign)).toEqual(["synthetic.json"]);
    mkdirSync(at("thesis/Celeb-real"), { recursive: true });
    await expect(synthesize(footage, at("thesis"), small)).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
    expect(readdirSync(at("thesis"))).toEqual(["Celeb-real"]);
  });
});

describe("a run that does not come to its end leaves nothing", () => {
  test("aborted while it writes", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const running = synthesize(footage, at("aborted"), {
      ...small,
      signal: controller.signal,
      onProgress: ({ done }) => done === 2 && controller.abort(reason),
    });
    await expect(running).rejects.toMatchObject({ name: "AbortError", code: "ERR_UNREEL_ABORTED", cause: reason });
    expect(readdirSync(at("aborted"))).toEqual([]);
    expect((await synthesize(footage, at("aborted"), small)).reused).toBe(false);
    expect(hashes(at("aborted"))).toEqual(hashes(at("whole")));
  });

  test("aborted before it began", async () => {
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(synthesize(footage, at("early"), { ...small, signal })).rejects.toMatchObject({
      code: "ERR_UNREEL_ABORTED",
    });
    expect(existsSync(at("early")) ? readdirSync(at("early")) : []).toEqual([]);
  });

  test("with footage that is too small, which says how much there can be", async () => {
    const asked = synthesize(footage, at("small"), { ...small, clips: 200 });
    const error = await asked.catch((each: { code: string; details: { possible: number; wanted: number } }) => each);
    expect(error).toMatchObject({ code: "ERR_UNREEL_FOOTAGE_TOO_SMALL", details: { wanted: 200, possible: 18 } });
    expect(readdirSync(at("small"))).toEqual([]);
    await expect(synthesize(footage, at("small"), { ...small, clips: 18 })).resolves.toMatchObject({ clips: 18 });
  });
});

describe("footage", () => {
  test("may be folders; what is no video or comes twice is left out and said", async () => {
    mkdirSync(at("mixed"));
    for (const [i, path] of footage.entries()) copyFileSync(path, at(`mixed/${i}.mp4`));
    copyFileSync(footage[0] ?? "", at("mixed/copy.mp4"));
    writeFileSync(at("mixed/text.mp4"), "this is no video, whatever its name says\n".repeat(50));
    writeFileSync(at("mixed/readme.txt"), "not looked at");
    const { skipped, sources, clips } = await synthesize([at("mixed")], at("from-folder"), small);
    expect({ sources, clips }).toEqual({ sources: 3, clips: 6 });
    expect(skipped).toEqual([
      { source: at("mixed/copy.mp4"), code: "duplicate", reason: expect.stringContaining(at("mixed/0.mp4")) },
      { source: at("mixed/text.mp4"), code: "ERR_UNREEL_NOT_MEDIA", reason: expect.any(String) },
    ]);
  });

  test("of which not one is a video is the first one's error", async () => {
    const sources = [at("nowhere.mp4"), at("mixed/text.mp4")];
    await expect(synthesize(sources, at("none"), small)).rejects.toMatchObject({ code: "ERR_UNREEL_NOT_FOUND" });
    mkdirSync(at("empty"));
    await expect(synthesize([at("empty")], at("none"), small)).rejects.toMatchObject({ code: "ERR_UNREEL_NOT_FOUND" });
    expect(readdirSync(at("none"))).toEqual([]);
  });

  test("of an odd number of clips gives one more", async () => {
    expect(await synthesize(footage, at("odd"), { ...small, clips: 5 })).toMatchObject({ clips: 6 });
  });

  test.each<[string, unknown, object, new () => Error]>([
    ["no footage", [], {}, TypeError],
    ["a path alone", "a.mp4", {}, TypeError],
    ["a number for a path", [3], {}, TypeError],
    ["three clips", ["a.mp4"], { clips: 3 }, RangeError],
    ["no second", ["a.mp4"], { seconds: 0 }, RangeError],
    ["a seed below 0", ["a.mp4"], { seed: -1 }, RangeError],
    ["a test without clips", ["a.mp4"], { testShare: 0 }, RangeError],
    ["a training without clips", ["a.mp4"], { testShare: 1 }, RangeError],
    ["regions of a few pixels", ["a.mp4"], { minSize: { width: 16, height: 64 } }, RangeError],
    ["a share of text", ["a.mp4"], { testShare: "half" }, TypeError],
  ])("refuses %s", (_what, sources, options, type) => {
    const call = () => synthesize(sources as never, at("refused"), options);
    expect(call).toThrow(type);
    expect(call).toThrow(expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT" }));
    expect(existsSync(at("refused"))).toBe(false);
  });
});
