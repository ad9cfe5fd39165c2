import { describe, expect, it } from "vitest";
import { createOrOpenStore, type StoreType } from "../../src/features/store.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { sampleOptions, sampleStore, temporaryFolder } from "./sample-store.js";
import { videoFeatures } from "./sample-videos.js";

const { dimension } = sampleOptions;

/** The rows that a shard's Parquet file must hold. */
function expectedRows(from: number, to: number) {
  return Array.from({ length: to - from }, (_, at) => videoFeatures(from + at, dimension)).flatMap((video) =>
    video.frames.map(({ frame, ptsUs }) => ({
      video_id: video.id,
      uri: video.uri,
      label: video.label ?? null,
      split: video.split ?? null,
      group: video.group,
      source: video.source ?? null,
      identities: video.identities?.join("|") ?? null,
      method: video.method ?? null,
      dataset: video.dataset ?? null,
      frame_index: frame,
      pts_us: ptsUs,
    })),
  );
}

function expectedVectors(from: number, to: number): number[][] {
  return Array.from({ length: to - from }, (_, at) => videoFeatures(from + at, dimension)).flatMap(({ embeddings }) =>
    Array.from({ length: embeddings.length / dimension }, (_, row) => [
      ...embeddings.subarray(row * dimension, (row + 1) * dimension),
    ]),
  );
}

describe.skipIf(referencePython() === undefined)(`numpy, pandas and pyarrow read a store (${withoutPython})`, () => {
  for (const dtype of ["<f2", "<f4"] satisfies StoreType[]) {
    it(`of ${dtype}: shards, types and every value`, async () => {
      const store = await sampleStore(0, 8, { dtype });
      await using writer = await store.writer({ commitAfterMs: Number.POSITIVE_INFINITY });
      for (let index = 8; index < 11; index++) await writer.add(videoFeatures(index, dimension));
      await writer.close();
      const shards = JSON.parse(await runReference("read_store.py", [store.root]));
      expect(shards).toHaveLength(2);
      for (const [at, [from, to]] of [[0, 8] as const, [8, 11] as const].entries()) {
        const rows = expectedRows(from, to);
        expect(shards[at]).toEqual({
          shard: `00000${at}`,
          dtype,
          shape: [rows.length, dimension],
          c_order: true,
          offset: 128,
          vectors: expectedVectors(from, to),
          schema: {
            video_id: "string",
            uri: "string",
            label: "int32",
            split: "string",
            group: "string",
            source: "string",
            identities: "string",
            method: "string",
            dataset: "string",
            frame_index: "int64",
            pts_us: "int64",
          },
          nullable: ["label", "split", "source", "identities", "method", "dataset"],
          rows,
          arrow_rows: rows,
        });
      }
    });
  }

  it("of one video whose optional facts are all unknown", async () => {
    const store = await createOrOpenStore(await temporaryFolder(), sampleOptions);
    await using writer = await store.writer();
    const embeddings = new Float32Array(dimension);
    await writer.add({ id: "a", uri: "a", group: "a", frames: [{ frame: 0, ptsUs: -7 }], embeddings });
    await writer.close();
    const [shard] = JSON.parse(await runReference("read_store.py", [store.root]));
    const unknown = { label: null, split: null, source: null, identities: null, method: null, dataset: null };
    expect(shard.arrow_rows).toEqual([{ video_id: "a", uri: "a", group: "a", ...unknown, frame_index: 0, pts_us: -7 }]);
  });
});
