import fc from "fast-check";
import type { FootageShape } from "../../src/synth/plan.js";

/** Videos of any size and length, too small and too short ones among them. */
export const footageShapes: fc.Arbitrary<FootageShape[]> = fc.array(
  fc.record({
    width: fc.integer({ min: 8, max: 900 }),
    height: fc.integer({ min: 8, max: 600 }),
    frames: fc.oneof(fc.nat(40), fc.nat(900)),
    fps: fc.double({ min: 0.5, max: 120, noNaN: true }),
  }),
  { minLength: 1, maxLength: 5 },
);

/** What may be asked of them. */
export const planOptions = fc.record({
  clips: fc.integer({ min: 1, max: 60 }),
  seconds: fc.double({ min: 0.1, max: 8, noNaN: true }),
  minSize: fc.record({ width: fc.integer({ min: 64, max: 400 }), height: fc.integer({ min: 64, max: 400 }) }),
});
