import type { Grouped } from "../evaluation/bootstrap.js";

/**
 * What each threshold calls fake. Vertex k calls fake the videos of the k highest distinct scores: vertex 0 none, vertex
 * `count` all.
 */
export interface Roc {
  /** Distinct scores, falling. */
  readonly scores: Float64Array;
  /** Fakes and reals that vertex k calls fake; count + 1 of each. */
  readonly truePositives: Int32Array;
  readonly falsePositives: Int32Array;
  readonly count: number;
  readonly fake: number;
  readonly real: number;
}

/**
 * @param videos - in rising order of scores
 * @param weights - how often each video counts; once where they are not given
 */
export function rocOf(videos: readonly Grouped[], weights?: Int32Array): Roc {
  const scores = new Float64Array(videos.length);
  const truePositives = new Int32Array(videos.length + 1);
  const falsePositives = new Int32Array(videos.length + 1);
  let count = 0;
  let fake = 0;
  let real = 0;
  for (let row = videos.length - 1; row >= 0; row -= 1) {
    const video = videos[row];
    const weight = weights === undefined ? 1 : (weights[row] ?? 0);
    if (video === undefined || weight === 0) continue;
    if (count === 0 || scores[count - 1] !== video.score) {
      scores[count] = video.score;
      count += 1;
    }
    if (video.label === 1) fake += weight;
    else real += weight;
    truePositives[count] = fake;
    falsePositives[count] = real;
  }
  return { scores, truePositives, falsePositives, count, fake, real };
}

/** The next number above. */
function justAbove(value: number): number {
  const bits = new BigInt64Array(1);
  const number = new Float64Array(bits.buffer);
  number[0] = value === 0 ? 0 : value;
  bits[0] = (bits[0] ?? 0n) + (value < 0 ? -1n : 1n);
  return number[0] ?? Number.NaN;
}

/**
 * Every threshold in a half-open stretch between two scores makes the vertex: its highest, its middle, or its lowest.
 * Never infinite: nothing is called fake from just above the highest score on, and everything from the lowest on.
 */
export function thresholdOf(roc: Roc, vertex: number, end: "highest" | "middle" | "lowest"): number {
  const above = roc.scores[vertex - 1];
  if (above === undefined) return justAbove(roc.scores[0] ?? Number.NaN);
  const below = roc.scores[vertex];
  if (vertex === roc.count || below === undefined || end === "highest") return above;
  const middle = below + (above - below) / 2;
  return end === "lowest" || middle <= below ? justAbove(below) : middle;
}
