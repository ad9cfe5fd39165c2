// A detector's head is trainHead's, on the rows of the store: what it is given is compared by the bytes that come out.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createOrOpenStore, type FeatureStore, type FeatureTable } from "../../src/features/store.js";
import { Random } from "../../src/random.js";
import { trainDetectorSvm } from "../../src/training/detector-svm.js";
import { trainDetectorHead } from "../../src/training/detector-training.js";
import { partition } from "../../src/training/partition.js";
import { type TrainingRows, trainHead } from "../../src/training/train-head.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("detector-training");
const at = (...names: readonly string[]) => join(folder, ...names);
const dimension = 8;
const options = { dim: 4, epochs: 3, batch: 16, seed: 2 };

let store: FeatureStore;
let table: FeatureTable;

/** Twelve sources of a real video and two fakes; features of two encoders, in float32. */
beforeAll(async () => {
  const encoders = [
    { sha256: "a", dimension: 3 },
    { sha256: "b", dimension: 5 },
  ];
  store = await createOrOpenStore(at("features"), { dimension, dtype: "<f4", fingerprint: { encoders, count: 4 } });
  const random = new Random(3);
  await using writer = await store.writer();
  for (let video = 0; video < 36; video++) {
    const label = video % 3 === 0 ? 0 : 1;
    const frames = [0, 1, 2, 3].map((frame) => ({ frame, ptsUs: frame * 40_000 }));
    const noise = () => random.below(1000) / 500 - 1;
    const embeddings = Float32Array.from(
      { length: 4 * dimension },
      (_, i) => noise() + (i % dimension === 5 * label ? 1 : 0),
    );
    const id = `v${100 + video}`;
    await writer.add({ id, uri: id, label, group: `g${Math.floor(video / 3)}`, split: "train", frames, embeddings });
  }
  await writer.close();
  table = await store.read();
});

describe("trainDetectorHead", () => {
  it("trains on the store's rows with their videos and groups, each encoder a block", async () => {
    const head = await trainDetectorHead(store, at("wired"), { ...options, validation: 0.25 });
    const rows: TrainingRows = {
      ...{ x: table.x, labels: table.labels, rows: table.rows, dimension },
      ...{ videos: table.videoIndices, groups: table.groupIndices() },
      validation: partition(table, 0.25, options.seed).validation,
      blocks: [3, 5],
    };
    const same = await trainHead(rows, options);
    expect(head.layers).toEqual(same.layers);
    expect(head.history).toEqual(same.history);
    const { blocks: _, ...unblocked } = rows;
    const { groups: __, ...ungrouped } = rows;
    const { videos: ___, ...unnamed } = rows;
    for (const other of [unblocked, ungrouped, unnamed, { ...rows, blocks: [dimension] }]) {
      expect((await trainHead(other, options)).layers).not.toEqual(head.layers);
    }
  });

  it("removes the SVM of an earlier head", async () => {
    const dir = at("again");
    await trainDetectorHead(store, dir, options);
    await trainDetectorSvm(store, dir);
    expect(existsSync(join(dir, "svm.model"))).toBe(true);
    await trainDetectorHead(store, dir, { ...options, seed: 3 });
    expect(existsSync(join(dir, "svm.model"))).toBe(false);
  });
});
