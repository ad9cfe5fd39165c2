import { describe, expect, it } from "vitest";
import { type TrainHeadOptions, type TrainingRows, trainHead } from "../../src/training/train-head.js";
import { clusters } from "./clusters.js";

const dimension = 12;
const rows = 80;
const base = { dim: 6, epochs: 2, batch: 16, learningRate: 0.01 };
/** Videos of four rows of one label; a real one and a fake one are a group. */
const videos = Uint32Array.from({ length: rows }, (_, row) => 2 * (row >> 3) + (row % 2));
const data: TrainingRows = { ...clusters(rows, dimension), videos, rows, dimension };

async function layers(options: TrainHeadOptions, given = data) {
  return (await trainHead(given, { ...base, ...options })).layers;
}

describe("each option moves the training", () => {
  const sgd = { optimizer: "sgd" } as const;
  const changes: readonly (readonly [TrainHeadOptions, TrainHeadOptions])[] = [
    [{}, sgd],
    [sgd, { ...sgd, momentum: 0.5 }],
    [sgd, { ...sgd, clipNorm: 0.01 }],
    [{}, { warmUp: 0.5 }],
    [{}, { weightDecay: 0.5 }],
    [{}, { dropout: 0.3 }],
    [{}, { framesPerVideo: 1 }],
    [{}, { batch: 32 }],
    [{}, { learnTemperature: true }],
    [{}, { temperature: 0.2 }],
    [{}, { loss: "triplet" }],
    [{}, { term: "hinge" }],
    [{ head: "mlp" }, { head: "mlp", hidden: 5 }],
  ];
  it.each(changes)("%j is not %j", async (one, other) => {
    expect(await layers(other)).not.toEqual(await layers(one));
  });

  it("and so do videos and groups", async () => {
    const { videos: _, ...alone } = data;
    const grouped = { ...data, groups: videos.map((video) => video >> 1) };
    const [plain, byRow, byGroup] = await Promise.all([data, alone, grouped].map((given) => layers({}, given)));
    expect(byRow).not.toEqual(plain);
    expect(byGroup).not.toEqual(plain);
  });
});

describe("an epoch's report", () => {
  it("is what the head's projections and the schedule say", async () => {
    const head = await trainHead(data, { ...base, epochs: 1, batch: 40, warmUp: 0 });
    const z = await head.project(data.x, { rows });
    const pairs = { same: [] as number[], across: [] as number[] };
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < i; j++) {
        let square = 0;
        for (let k = 0; k < base.dim; k++) square += ((z[i * base.dim + k] ?? 0) - (z[j * base.dim + k] ?? 0)) ** 2;
        pairs[data.labels[i] === data.labels[j] ? "same" : "across"].push(square);
      }
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [report] = head.history;
    expect(report?.alignment).toBeCloseTo(mean(pairs.same), 5);
    expect(report?.crossCosine).toBeCloseTo(1 - mean(pairs.across) / 2, 5);
    const potentials = [...pairs.same, ...pairs.across].map((square) => Math.exp(-2 * square));
    expect(report?.uniformity).toBeCloseTo(Math.log(mean(potentials)), 5);
    // Two steps along a cosine.
    expect(report?.learningRate).toBeCloseTo(base.learningRate / 2, 12);
    expect(report?.temperature).toBe(0.07);
  });
});
