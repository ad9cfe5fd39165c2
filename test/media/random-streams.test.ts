// Every frame that a planned sample hands out is FFmpeg's: random streams of every codec, sampled by many policies.
// `npm run soak:decode` does the same with as many seeds as one likes.
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cachedFolder, keyOf } from "../../scripts/lib/cache.mjs";
import {
  checkSeed,
  ffmpegVersion,
  inParallel,
  type Recipe,
  recipe,
  referenceProgram,
  reproduction,
  revision,
  samplePlanes,
} from "./random-streams/soak.mjs";

const version = ffmpegVersion();
const lacking =
  version === undefined
    ? "needs ffmpeg with libx264, libx265, libvpx, libsvtav1 and libaom"
    : existsSync(samplePlanes)
      ? undefined
      : "needs sample_planes, which npm test builds where libgtest-dev is";

/** 150 in all. */
const streams = { h264: 42, hevc: 28, vp8: 10, vp9: 18, av1: 12, mpeg2: 14, mpeg1: 6, mpeg4: 12, old: 8 };

/** The first seeds whose recipe is of the family. */
function seedsOf(family: string, count: number): number[] {
  const seeds: number[] = [];
  for (let seed = 1; seeds.length < count; seed++) if (recipe(seed).family === family) seeds.push(seed);
  return seeds;
}

/** Encoded and decoded by FFmpeg once for all runs. */
function place(made: Recipe, make: (folder: string) => Promise<void>): Promise<string> {
  return cachedFolder(
    "random-streams",
    `${made.seed}-${keyOf(revision, version, referenceProgram, made.commands)}`,
    make,
  );
}

describe.skipIf(lacking !== undefined)(`a planned sample${lacking === undefined ? "" : ` (${lacking})`}`, () => {
  for (const [family, count] of Object.entries(streams)) {
    it(`hands out FFmpeg's frames: ${count} random streams of ${family}`, async () => {
      const results = await inParallel(seedsOf(family, count), 2, (seed) => checkSeed(seed, place));
      const notMade = results.filter(({ failedToMake }) => failedToMake !== undefined);
      expect(notMade.map(({ recipe: made, failedToMake }) => `${made.description}: ${failedToMake}`)).toEqual([]);
      expect(results.filter(({ differences }) => differences?.length !== 0).map(reproduction)).toEqual([]);
      expect(results.reduce((sum, { framesCompared = 0 }) => sum + framesCompared, 0)).toBeGreaterThan(100);
    }, 300_000);
  }
});
