import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameRateOf } from "../../src/synth/frame-rate.js";

const fraction = ({ numerator, denominator }: { numerator: number; denominator: number }) =>
  `${numerator}/${denominator}`;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

describe("the frame rate that was meant", () => {
  it.each([
    ["film", 24, "24/1"],
    ["film on NTSC", 23.976, "24000/1001"],
    ["PAL", 25, "25/1"],
    ["NTSC", 29.97, "30000/1001"],
    ["the web", 30, "30/1"],
    ["NTSC's fields", 59.94, "60000/1001"],
    ["PAL whose times are in milliseconds", 25.0127, "25/1"],
    ["NTSC whose times are in milliseconds", 29.9667, "30000/1001"],
    ["a phone's variable rate", 27.34, "1367/50"],
    ["half of PAL", 12.5, "25/2"],
    ["a time lapse", 0.3, "3/10"],
    ["slower than can be said", 0.001, "1/100"],
    ["a rate whose hundredths do not fit", 700.4, "700/1"],
    ["faster than MPEG-4 can count", 1e6, "65535/1"],
  ])("%s: %s is %s", (_what, fps, expected) => {
    expect(fraction(frameRateOf(fps))).toBe(expected);
  });

  it("is a fraction in lowest terms that MPEG-4 can write, near to what the times show", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1000, noNaN: true }), (fps) => {
        const { numerator, denominator } = frameRateOf(fps);
        expect(Number.isInteger(numerator) && Number.isInteger(denominator)).toBe(true);
        expect(numerator).toBeGreaterThanOrEqual(1);
        expect(numerator).toBeLessThanOrEqual(65_535);
        expect(greatestCommonDivisor(numerator, denominator)).toBe(1);
        // Within 0.2 %, or by rounding: to hundredths, above 655 a second to whole numbers.
        const rounding = fps < 655 ? 0.005 : 0.5;
        expect(Math.abs(numerator / denominator - fps)).toBeLessThanOrEqual(Math.max(0.00201 * fps, rounding) + 1e-9);
      }),
      { numRuns: 2000 },
    );
  });

  it("of n and of n x 1000/1001 is itself", () => {
    for (let whole = 1; whole <= 65; whole++) {
      expect(fraction(frameRateOf(whole))).toBe(`${whole}/1`);
      const { numerator, denominator } = frameRateOf((whole * 1000) / 1001);
      expect(numerator / denominator).toBeCloseTo((whole * 1000) / 1001, 9);
    }
  });
});
