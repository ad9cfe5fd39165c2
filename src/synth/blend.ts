import type { Region } from "./plan.js";
import type { Ellipse, Swap } from "./swap.js";

/** uint8 RGB, height x width x 3, C order. */
export interface Picture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The pixels of a region, copied. */
export function crop(picture: Picture, region: Region): Picture {
  const { width, height } = region;
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const from = ((region.y + row) * picture.width + region.x) * 3;
    data.set(picture.data.subarray(from, from + width * 3), row * width * 3);
  }
  return { data, width, height };
}

/**
 * How much of the donor is seen at a point: 1 inside, 0 from the ellipse's rim outwards, between them 3t^2 - 2t^3
 * (smoothstep) over the feather.
 */
export function maskAt(ellipse: Ellipse, x: number, y: number): number {
  const u = (x - ellipse.centerX) / ellipse.radiusX;
  const v = (y - ellipse.centerY) / ellipse.radiusY;
  const t = Math.min(1, Math.max(0, (1 - Math.sqrt(u * u + v * v)) / ellipse.feather));
  return t * t * (3 - 2 * t);
}

/** The value of one channel between pixel centres, bilinear; beyond the rim the rim's value. */
export function sampleAt(picture: Picture, x: number, y: number, channel: number): number {
  const { data, width, height } = picture;
  const u = Math.min(width - 1, Math.max(0, x - 0.5));
  const v = Math.min(height - 1, Math.max(0, y - 0.5));
  const left = Math.floor(u);
  const top = Math.floor(v);
  const right = Math.min(width - 1, left + 1);
  const bottom = Math.min(height - 1, top + 1);
  const value = (column: number, row: number) => data[(row * width + column) * 3 + channel] ?? 0;
  const above = value(left, top) + (u - left) * (value(right, top) - value(left, top));
  const below = value(left, bottom) + (u - left) * (value(right, bottom) - value(left, bottom));
  return above + (v - top) * (below - above);
}

/**
 * One frame of a fake: mask x (gain x donor + offset) + (1 - mask) x target, rounded. The ellipse's middle shows the
 * donor's middle. Every pixel outside the ellipse keeps its bytes.
 */
export function blend(target: Picture, donor: Picture, ellipse: Ellipse, swap: Swap): Picture {
  const { width, height } = target;
  const data = Uint8Array.from(target.data);
  const donorStep = Math.min(donor.width, donor.height) / Math.min(width, height) / swap.scale;
  const [left, right] = rangeOf(ellipse.centerX, ellipse.radiusX, width);
  const [top, bottom] = rangeOf(ellipse.centerY, ellipse.radiusY, height);
  for (let y = top; y < bottom; y++) {
    const donorY = swap.donorCenter.y * donor.height + (y + 0.5 - ellipse.centerY) * donorStep;
    for (let x = left; x < right; x++) {
      const mask = maskAt(ellipse, x + 0.5, y + 0.5);
      if (mask === 0) continue;
      const donorX = swap.donorCenter.x * donor.width + (x + 0.5 - ellipse.centerX) * donorStep;
      const at = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const swapped =
          (swap.gain[channel] ?? 1) * sampleAt(donor, donorX, donorY, channel) + (swap.offset[channel] ?? 0);
        const kept = target.data[at + channel] ?? 0;
        data[at + channel] = Math.min(255, Math.max(0, Math.round(kept + mask * (swapped - kept))));
      }
    }
  }
  return { data, width, height };
}

/** The pixels that [center - radius, center + radius] touches, within [0, side). */
function rangeOf(center: number, radius: number, side: number): readonly [number, number] {
  return [Math.max(0, Math.floor(center - radius)), Math.min(side, Math.ceil(center + radius))];
}
