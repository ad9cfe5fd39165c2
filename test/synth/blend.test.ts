import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.js";
import { blend, crop, maskAt, type Picture, sampleAt } from "../../src/synth/blend.js";
import { drawSwap, type Ellipse, ellipseAt, type Swap } from "../../src/synth/swap.js";

function noise(width: number, height: number, seed: number): Picture {
  const random = new Random(seed);
  return { data: Uint8Array.from({ length: width * height * 3 }, () => random.below(256)), width, height };
}

const side = fc.integer({ min: 32, max: 64 });
const seed = fc.nat(2 ** 31);
const time = fc.double({ min: 0, max: 1, noNaN: true });

/** A donor shown as it is, so that a blend is the donor's own pixels where the mask is 1. */
const plain: Swap = {
  ...drawSwap(new Random(1)),
  donorCenter: { x: 0.5, y: 0.5 },
  scale: 1,
  gain: [1, 1, 1],
  offset: [0, 0, 0],
};

/** Whether no point of pixel (x, y) lies inside the ellipse: a far corner test is not enough, so its nearest point. */
function isOutside({ centerX, centerY, radiusX, radiusY }: Ellipse, x: number, y: number): boolean {
  const u = (Math.min(x + 1, Math.max(x, centerX)) - centerX) / radiusX;
  const v = (Math.min(y + 1, Math.max(y, centerY)) - centerY) / radiusY;
  return u * u + v * v >= 1;
}

describe("a blend", () => {
  it("leaves every byte outside the ellipse as it was, and changes bytes inside it", () => {
    fc.assert(
      fc.property(side, side, seed, time, (width, height, from, at) => {
        const target = noise(width, height, from);
        const before = Uint8Array.from(target.data);
        const swap = drawSwap(new Random(from));
        const ellipse = ellipseAt(swap, at, width, height);
        const { data } = blend(target, noise(40, 50, from + 1), ellipse, swap);
        expect(target.data).toEqual(before);
        let inside = 0;
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const pixel = (y * width + x) * 3;
            const changed = [0, 1, 2].some((channel) => data[pixel + channel] !== before[pixel + channel]);
            if (changed && isOutside(ellipse, x, y)) expect.fail(`pixel ${x}, ${y} changed`);
            if (changed) inside++;
          }
        }
        // Nearly every pixel of two noises differs; the feather takes some of the ellipse's area away.
        expect(inside).toBeGreaterThan(0.5 * Math.PI * ellipse.radiusX * ellipse.radiusY);
      }),
      { numRuns: 60 },
    );
  });

  it("of a picture with itself, in place, changes nothing", () => {
    const target = noise(48, 36, 5);
    const ellipse = { centerX: 24, centerY: 18, radiusX: 15, radiusY: 11, feather: 0.3 };
    expect(blend(target, target, ellipse, plain).data).toEqual(target.data);
  });

  it("shows gain x donor + offset in the middle, rounded and kept within 0 and 255", () => {
    const flat = (value: number) => ({ data: new Uint8Array(40 * 40 * 3).fill(value), width: 40, height: 40 });
    const ellipse = { centerX: 20, centerY: 20, radiusX: 16, radiusY: 16, feather: 0.25 };
    const swap: Swap = { ...plain, gain: [0.9, 1.1, 1], offset: [3, -200, 200] };
    const { data } = blend(flat(10), flat(101), ellipse, swap);
    const middle = (20 * 40 + 20) * 3;
    // 0.9 x 101 + 3 = 93.9; 1.1 x 101 - 200 < 0; 101 + 200 > 255.
    expect([...data.subarray(middle, middle + 3)]).toEqual([94, 0, 255]);
  });

  it("mixes both by the mask on the way to the rim", () => {
    const flat = (value: number) => ({ data: new Uint8Array(64 * 64 * 3).fill(value), width: 64, height: 64 });
    const ellipse = { centerX: 32, centerY: 32, radiusX: 30, radiusY: 30, feather: 0.5 };
    const { data } = blend(flat(0), flat(200), ellipse, plain);
    for (let x = 0; x < 64; x++) {
      expect(data[(32 * 64 + x) * 3]).toBe(Math.round(200 * maskAt(ellipse, x + 0.5, 32.5)));
    }
  });
});

describe("the mask", () => {
  const ellipse: Ellipse = { centerX: 50, centerY: 30, radiusX: 20, radiusY: 10, feather: 0.4 };

  it("is 1 inside, 0 from the rim outwards, and a half in the middle of the feather", () => {
    expect(maskAt(ellipse, 50, 30)).toBe(1);
    expect(maskAt(ellipse, 50 + 0.6 * 20, 30)).toBeCloseTo(1, 12);
    expect(maskAt(ellipse, 50, 30 - 0.8 * 10)).toBeCloseTo(0.5, 12);
    expect(maskAt(ellipse, 70, 30)).toBe(0);
    expect(maskAt(ellipse, 50, 41)).toBe(0);
  });

  it("never rises on the way out", () => {
    const out = Array.from({ length: 200 }, (_, step) => maskAt(ellipse, 50 + step * 0.12, 30 + step * 0.03));
    expect(out).toEqual([...out].sort((a, b) => b - a));
  });
});

describe("the pieces", () => {
  it("crop copies the pixels of a region", () => {
    const picture = noise(20, 10, 3);
    const part = crop(picture, { x: 4, y: 2, width: 6, height: 8 });
    expect([part.width, part.height]).toEqual([6, 8]);
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 18; x++) {
        expect(part.data[y * 18 + x]).toBe(picture.data[((y + 2) * 20 + 4) * 3 + x]);
      }
    }
  });

  it("sampleAt is the pixel at its centre, their mean between two, and the rim's beyond it", () => {
    const picture = noise(7, 5, 9);
    const pixel = (x: number, y: number, channel: number) => picture.data[(y * 7 + x) * 3 + channel] ?? Number.NaN;
    for (let channel = 0; channel < 3; channel++) {
      expect(sampleAt(picture, 3.5, 2.5, channel)).toBe(pixel(3, 2, channel));
      expect(sampleAt(picture, 4, 2.5, channel)).toBe((pixel(3, 2, channel) + pixel(4, 2, channel)) / 2);
      expect(sampleAt(picture, 3.5, 3, channel)).toBe((pixel(3, 2, channel) + pixel(3, 3, channel)) / 2);
      expect(sampleAt(picture, -9, 99, channel)).toBe(pixel(0, 4, channel));
      expect(sampleAt(picture, 7, 0, channel)).toBe(pixel(6, 0, channel));
    }
  });
});

describe("a drawn swap", () => {
  it("keeps its ellipse within the frame from the first moment to the last", () => {
    fc.assert(
      fc.property(
        seed,
        time,
        fc.integer({ min: 32, max: 2000 }),
        fc.integer({ min: 32, max: 2000 }),
        (from, at, width, height) => {
          const { centerX, centerY, radiusX, radiusY } = ellipseAt(drawSwap(new Random(from)), at, width, height);
          expect(centerX - radiusX).toBeGreaterThan(0);
          expect(centerY - radiusY).toBeGreaterThan(0);
          expect(centerX + radiusX).toBeLessThan(width);
          expect(centerY + radiusY).toBeLessThan(height);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("shifts scale and every colour, always", () => {
    fc.assert(
      fc.property(seed, (from) => {
        const { scale, gain, offset } = drawSwap(new Random(from));
        expect(Math.abs(scale - 1)).toBeGreaterThanOrEqual(0.12);
        for (const each of gain) expect(Math.abs(each - 1)).toBeGreaterThanOrEqual(0.04);
        for (const each of offset) expect(Math.abs(each)).toBeGreaterThanOrEqual(4);
      }),
    );
  });

  it("moves", () => {
    const swap = drawSwap(new Random(4));
    expect(ellipseAt(swap, 0, 256, 256)).not.toEqual(ellipseAt(swap, 0.5, 256, 256));
  });
});
