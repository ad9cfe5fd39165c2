import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnreelError } from "../../src/errors.js";
import { type ClipSpan, type FootageShape, minClipFrames, type PlanOptions, planClips } from "../../src/synth/plan.js";
import { footageShapes, planOptions } from "./footage-shapes.js";

/** The plan, or how many clips are possible where it was refused. */
function planOrPossible(footage: readonly FootageShape[], options: PlanOptions): ClipSpan[] | number {
  try {
    return planClips(footage, options);
  } catch (error) {
    if (!(error instanceof UnreelError) || error.code !== "ERR_UNREEL_FOOTAGE_TOO_SMALL") throw error;
    expect(error.details.wanted).toBe(options.clips);
    return Number(error.details.possible);
  }
}

/** Whether two half-open ranges meet. */
function meet(a: number, aLength: number, b: number, bLength: number): boolean {
  return a < b + bLength && b < a + aLength;
}

function sharePixels(a: ClipSpan, b: ClipSpan): boolean {
  return (
    a.source === b.source &&
    meet(a.firstFrame, a.frames, b.firstFrame, b.frames) &&
    meet(a.region.x, a.region.width, b.region.x, b.region.width) &&
    meet(a.region.y, a.region.height, b.region.y, b.region.height)
  );
}

const park = { width: 768, height: 576, frames: 795, fps: 10 };
const two = { clips: 24, seconds: 2, minSize: { width: 256, height: 256 } };

describe("a plan of clips", () => {
  it("has exactly as many as are wanted, of which no two share a pixel, or says how many there can be", () => {
    let plans = 0;
    let refusals = 0;
    fc.assert(
      fc.property(footageShapes, planOptions, (footage, options) => {
        const plan = planOrPossible(footage, options);
        if (typeof plan === "number") {
          refusals++;
          expect(plan).toBeLessThan(options.clips);
          expect(planOrPossible(footage, { ...options, clips: plan })).toHaveLength(plan);
          expect(planOrPossible(footage, { ...options, clips: plan + 1 })).toBe(plan);
          return;
        }
        plans++;
        expect(plan).toHaveLength(options.clips);
        for (const [at, clip] of plan.entries()) {
          for (const other of plan.slice(0, at)) {
            if (sharePixels(clip, other)) expect.fail(`${JSON.stringify(clip)} and ${JSON.stringify(other)}`);
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(plans).toBeGreaterThan(30);
    expect(refusals).toBeGreaterThan(30);
  });

  it("stays within the footage, on even pixels, with enough frames and none more than asked for", () => {
    fc.assert(
      fc.property(footageShapes, planOptions, (footage, options) => {
        const plan = planOrPossible(footage, options);
        for (const { source, region, firstFrame, frames } of typeof plan === "number" ? [] : plan) {
          const shape = footage[source];
          if (shape === undefined) return expect.fail(`there is no footage ${source}`);
          const { x, y, width, height } = region;
          expect([x, y, width, height].filter((side) => side % 2 !== 0 || side < 0)).toEqual([]);
          expect(x + width).toBeLessThanOrEqual(shape.width);
          expect(y + height).toBeLessThanOrEqual(shape.height);
          expect(Math.min(width, height)).toBeGreaterThanOrEqual(32);
          expect(firstFrame).toBeGreaterThanOrEqual(0);
          expect(firstFrame + frames).toBeLessThanOrEqual(shape.frames);
          expect(frames).toBeGreaterThanOrEqual(minClipFrames);
          expect(frames).toBeLessThanOrEqual(Math.max(minClipFrames, Math.round(options.seconds * shape.fps)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("divides no frame into regions smaller than allowed", () => {
    fc.assert(
      fc.property(footageShapes, planOptions, (footage, options) => {
        const plan = planOrPossible(footage, options);
        for (const { source, region } of typeof plan === "number" ? [] : plan) {
          const { width = 0, height = 0 } = footage[source] ?? {};
          // One pixel is lost where a side is odd; regions are even.
          expect(region.width).toBeGreaterThanOrEqual(Math.min(width, options.minSize.width) - 1);
          expect(region.height).toBeGreaterThanOrEqual(Math.min(height, options.minSize.height) - 1);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("depends on its arguments alone", () => {
    fc.assert(
      fc.property(footageShapes, planOptions, (footage, options) => {
        expect(planOrPossible(footage, options)).toEqual(planOrPossible(footage, options));
      }),
      { numRuns: 50 },
    );
  });

  it("leaves the frames of many videos whole", () => {
    const plan = planClips(new Array(12).fill({ ...park, width: 640, height: 480 }), two);
    expect(new Set(plan.map(({ region }) => JSON.stringify(region)))).toEqual(
      new Set(['{"x":0,"y":0,"width":640,"height":480}']),
    );
    expect(new Set(plan.map(({ source }) => source)).size).toBe(12);
  });

  it("divides the frames of one video, so that the clips do not all show one place", () => {
    const plan = planClips([park], two);
    expect(new Set(plan.map(({ scene }) => scene)).size).toBe(6);
    expect(new Set(plan.map(({ frames }) => frames))).toEqual(new Set([20]));
    expect(new Set(plan.map(({ region }) => `${region.width}x${region.height}`))).toEqual(new Set(["256x288"]));
  });

  it("takes no region larger than 768 pixels, from the middle of the frame", () => {
    const cinema = { width: 3840, height: 2160, frames: 60, fps: 30 };
    const plan = planClips(new Array(24).fill(cinema), two);
    expect(new Set(plan.map(({ region }) => JSON.stringify(region)))).toEqual(
      new Set(['{"x":1536,"y":696,"width":768,"height":768}']),
    );
  });

  it("has none from a video that is too short or too small", () => {
    const tooShort = { ...park, frames: minClipFrames - 1 };
    const tooSmall = { ...park, height: 31 };
    expect(new Set(planClips([tooShort, park, tooSmall], two).map(({ source }) => source))).toEqual(new Set([1]));
    expect(planOrPossible([tooShort, tooSmall], { ...two, clips: 1 })).toBe(0);
  });
});
