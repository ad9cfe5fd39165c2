import type { Random } from "../random.js";

/** Along x and y, or once for both. */
interface Pair {
  readonly x: number;
  readonly y: number;
}

/**
 * How one fake is blended: drawn once a clip, so that it drifts as a tracked face would. Lengths are shares of a clip's
 * shorter side, positions shares of its width and height.
 */
export interface Swap {
  /** Where the middle of the ellipse is on average. */
  readonly center: Pair;
  /** Half axes of the ellipse on average. */
  readonly radius: Pair;
  /** How far the middle drifts from its average, and how often it comes back during the clip. */
  readonly drift: Pair;
  readonly driftTurns: Pair;
  readonly driftPhase: Pair;
  /** Share by which the half axes grow and shrink during the clip. */
  readonly breath: number;
  readonly breathPhase: number;
  /** Share of the half axes, at the rim, over which the mask falls from 1 to 0. */
  readonly feather: number;
  /** The middle of what is taken from the donor. */
  readonly donorCenter: Pair;
  /** How much larger the donor is shown than it would fill the same share of a frame. Never near 1. */
  readonly scale: number;
  /** Colour shift by channel: gain x value + offset. */
  readonly gain: readonly [number, number, number];
  readonly offset: readonly [number, number, number];
}

/** The ellipse in one frame, in pixels; pixel (x, y) covers [x, x + 1) x [y, y + 1). */
export interface Ellipse {
  readonly centerX: number;
  readonly centerY: number;
  readonly radiusX: number;
  readonly radiusY: number;
  readonly feather: number;
}

function uniform(random: Random, low: number, high: number): number {
  return low + (high - low) * (random.next() / 2 ** 32);
}

/** A number whose distance from `middle` lies between `near` and `far`, on either side. */
function off(random: Random, middle: number, near: number, far: number): number {
  const distance = uniform(random, near, far);
  return random.below(2) === 0 ? middle - distance : middle + distance;
}

/** Draws a swap. The ellipse stays within the frame at every moment. */
export function drawSwap(random: Random): Swap {
  const within = (low: number, high: number): Pair => ({
    x: uniform(random, low, high),
    y: uniform(random, low, high),
  });
  return {
    center: within(0.42, 0.58),
    radius: { x: uniform(random, 0.17, 0.24), y: uniform(random, 0.21, 0.29) },
    drift: within(0.02, 0.05),
    driftTurns: within(0.4, 1.2),
    driftPhase: within(0, 1),
    breath: uniform(random, 0.03, 0.08),
    breathPhase: uniform(random, 0, 1),
    feather: uniform(random, 0.2, 0.45),
    donorCenter: within(0.42, 0.58),
    scale: off(random, 1, 0.12, 0.25),
    gain: [off(random, 1, 0.04, 0.12), off(random, 1, 0.04, 0.12), off(random, 1, 0.04, 0.12)],
    offset: [off(random, 0, 4, 14), off(random, 0, 4, 14), off(random, 0, 4, 14)],
  };
}

function wave(turns: number): number {
  return Math.sin(2 * Math.PI * turns);
}

/** Where the ellipse is. `time` runs from 0 at the clip's first frame to 1 at its last. */
export function ellipseAt(swap: Swap, time: number, width: number, height: number): Ellipse {
  const side = Math.min(width, height);
  const size = side * (1 + swap.breath * wave(time + swap.breathPhase));
  return {
    centerX: swap.center.x * width + swap.drift.x * side * wave(swap.driftTurns.x * time + swap.driftPhase.x),
    centerY: swap.center.y * height + swap.drift.y * side * wave(swap.driftTurns.y * time + swap.driftPhase.y),
    radiusX: swap.radius.x * size,
    radiusY: swap.radius.y * size,
    feather: swap.feather,
  };
}
