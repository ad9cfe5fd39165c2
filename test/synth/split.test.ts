import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.js";
import type { ClipSpan } from "../../src/synth/plan.js";
import { type Casting, castClips } from "../../src/synth/split.js";

/** Clips of these many scenes: by video, how many clips each of its scenes has. */
function clipsOf(videos: readonly (readonly number[])[]): ClipSpan[] {
  let scene = 0;
  return videos.flatMap((scenes, source) =>
    scenes.flatMap((clips) => {
      const at = scene++;
      return Array.from({ length: clips }, (_, slot) => ({
        source,
        scene: at,
        region: { x: 64 * at, y: 0, width: 64, height: 64 },
        firstFrame: 10 * slot,
        frames: 10,
      }));
    }),
  );
}

const footage = fc
  .array(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 })
  .map(clipsOf)
  .map((clips) => clips.slice(0, clips.length - (clips.length % 2)))
  .filter((clips) => clips.length >= 4);
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const seed = fc.nat(2 ** 31);

function forEachCasting(check: (clips: readonly ClipSpan[], casting: Casting, testShare: number) => void): void {
  fc.assert(
    fc.property(footage, share, seed, (clips, testShare, from) => {
      check(clips, castClips(clips, testShare, new Random(from)), testShare);
    }),
    { numRuns: 300 },
  );
}

describe("training and test", () => {
  it("share no pair: donors stay on their side and give to each other", () => {
    forEachCasting((clips, { sides, donors }) => {
      expect([sides.length, donors.length]).toEqual([clips.length, clips.length]);
      for (const [at, donor] of donors.entries()) {
        expect(donor).not.toBe(at);
        expect(sides[donor]).toBe(sides[at]);
        expect(donors[donor]).toBe(at);
      }
    });
  });

  it("have a pair each, and the test about its share", () => {
    forEachCasting((clips, { sides, splitBy }, testShare) => {
      const test = sides.filter((side) => side === "test").length;
      expect(test % 2).toBe(0);
      expect(test).toBeGreaterThanOrEqual(2);
      expect(clips.length - test).toBeGreaterThanOrEqual(2);
      const wanted = Math.min(clips.length - 2, Math.max(2, 2 * Math.round((clips.length * testShare) / 2)));
      expect(Math.abs(test - wanted)).toBeLessThanOrEqual(splitBy === "clip" ? 0 : clips.length / 8);
    });
  });

  it("share no video, or at least no region, when they say so", () => {
    const seen = new Set<string>();
    forEachCasting((clips, { sides, splitBy }) => {
      seen.add(splitBy);
      const unit = splitBy === "video" ? "source" : "scene";
      const unitsOn = (side: string) => clips.filter((_, at) => sides[at] === side).map((clip) => clip[unit]);
      const shared = unitsOn("train").filter((each) => unitsOn("test").includes(each));
      if (splitBy !== "clip") expect(shared).toEqual([]);
    });
    expect([...seen].sort()).toEqual(["clip", "region", "video"]);
  });

  it("keep videos apart where there are enough of them, then regions, then single clips", () => {
    const splitBy = (videos: readonly (readonly number[])[]) =>
      castClips(clipsOf(videos), 1 / 3, new Random(1)).splitBy;
    expect(splitBy(new Array(12).fill([2]))).toBe("video");
    expect(splitBy([new Array(6).fill(4)])).toBe("region");
    expect(splitBy([[24]])).toBe("clip");
  });

  it("are the same for a seed, and others for others", () => {
    const clips = clipsOf(new Array(12).fill([2]));
    const cast = (from: number) => castClips(clips, 1 / 3, new Random(from));
    expect(cast(7)).toEqual(cast(7));
    const sides = Array.from({ length: 20 }, (_, from) => cast(from).sides.join());
    expect(new Set(sides).size).toBeGreaterThan(10);
  });

  it("pair other videos with one another for another seed", () => {
    const clips = clipsOf(new Array(8).fill([1]));
    const pairings = new Map<string, Set<string>>();
    for (let from = 0; from < 200; from++) {
      const { sides, donors } = castClips(clips, 0.25, new Random(from));
      const of = sides.join();
      pairings.set(of, (pairings.get(of) ?? new Set()).add(donors.join()));
    }
    expect(Math.max(...[...pairings.values()].map(({ size }) => size))).toBeGreaterThan(2);
  });

  it("pair clips of different videos where they can", () => {
    const clips = clipsOf(new Array(8).fill([3]));
    const { donors } = castClips(clips, 0.5, new Random(3));
    expect(donors.filter((donor, at) => clips[donor]?.source === clips[at]?.source)).toEqual([]);
  });
});
