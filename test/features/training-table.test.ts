import { open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { leakFactsOf, storedLeakFactsOf } from "../../src/features/content.js";
import type { StoreType } from "../../src/features/description.js";
import { decodeFloat16 } from "../../src/features/float16.js";
import { createOrOpenStore, type FeatureStore, openStore, type TrainingTable } from "../../src/features/store.js";
import { sampleOptions, sampleStore, temporaryFolder } from "./sample-store.js";
import { videoFeatures } from "./sample-videos.js";

const { dimension } = sampleOptions;
const endless = { commitAfterMs: Number.POSITIVE_INFINITY };

/** Ten videos in several shards, added in no order, one with its frames the wrong way round. */
async function scatteredStore(dtype: StoreType, commitAfterRows: number): Promise<FeatureStore> {
  const folder = join(await temporaryFolder(), "features");
  const store = await createOrOpenStore(folder, { ...sampleOptions, dtype });
  await using writer = await store.writer({ ...endless, commitAfterRows });
  for (const index of [5, 2, 9, 0, 7, 3, 1, 4, 8]) {
    const video = videoFeatures(index, dimension);
    await writer.add(index === 5 ? { ...video, frames: [...video.frames].reverse() } : video);
  }
  await writer.close();
  return openStore(folder);
}

/** The vectors that a table names, read where it says they lie. */
async function vectorsOf({ files, places, rows }: TrainingTable): Promise<number[]> {
  const vectors: number[] = [];
  for (let row = 0; row < rows; row++) {
    const file = files[places[2 * row] ?? -1];
    if (file === undefined) throw new Error(`row ${row} lies in no file`);
    await using handle = await open(file.path);
    const size = dimension * (file.dtype === "<f2" ? 2 : 4);
    const { buffer } = await handle.read(
      new Uint8Array(size),
      0,
      size,
      file.dataOffset + (places[2 * row + 1] ?? 0) * size,
    );
    vectors.push(
      ...(file.dtype === "<f2" ? decodeFloat16(new Uint16Array(buffer.buffer)) : new Float32Array(buffer.buffer)),
    );
  }
  return vectors;
}

describe("rows without their vectors", () => {
  for (const dtype of ["<f2", "<f4"] as const) {
    it(`are those that read() gives, and name where their vectors lie (${dtype})`, async () => {
      for (const commitAfterRows of [1, 4, 1000]) {
        const store = await scatteredStore(dtype, commitAfterRows);
        for (const options of [{}, { labelled: true, splits: ["train", undefined] }, { splits: ["no such"] }]) {
          const table = await store.rows(options);
          const { x, ...read } = await store.read(options);
          expect(table).toMatchObject(read);
          expect(table.groups).toEqual((await store.read(options)).groups);
          expect(await vectorsOf(table)).toEqual([...x]);
        }
      }
    });

    it(`have the content that the leak check hashes (${dtype})`, async () => {
      const store = await scatteredStore(dtype, 4);
      expect(await storedLeakFactsOf(await store.rows())).toEqual(leakFactsOf(await store.read()));
    });
  }

  it("hash NaN as read() does, whatever its payload", async () => {
    const store = await sampleStore(0, 2);
    const path = join(store.root, "img_emb/img_emb_000000.npy");
    const bytes = await readFile(path);
    bytes.writeUInt16LE(0x7d01, bytes.length - 2);
    await writeFile(path, bytes);
    const table = await store.rows();
    const x = Float32Array.from(await vectorsOf(table));
    expect(x.at(-1)).toBeNaN();
    expect(await storedLeakFactsOf(table)).toEqual(leakFactsOf(Object.assign(table, { x })));
  });

  it("hash a video of 200,000 frames", async () => {
    const rows = 200_000;
    const folder = join(await temporaryFolder(), "features");
    const store = await createOrOpenStore(folder, { ...sampleOptions, dimension: 1 });
    const frames = Array.from({ length: rows }, (_, frame) => ({ frame, ptsUs: frame * 40_000 }));
    const embeddings = Float32Array.from({ length: rows }, (_, row) => row % 100);
    await using writer = await store.writer(endless);
    await writer.add({ ...videoFeatures(0, 1), frames, embeddings });
    await writer.close();
    expect(await storedLeakFactsOf(await store.rows())).toEqual(leakFactsOf(await store.read()));
  });

  it("say so when a file is cut or removed before it is hashed", async () => {
    const store = await sampleStore(0, 4);
    const table = await store.rows();
    const path = join(store.root, "img_emb/img_emb_000000.npy");
    const damaged = { code: "ERR_UNREEL_STORE_CORRUPT", details: { path } };
    await truncate(path, 150);
    await expect(storedLeakFactsOf(table)).rejects.toMatchObject(damaged);
    await rm(path);
    await expect(storedLeakFactsOf(table)).rejects.toMatchObject(damaged);
  });

  it("number their videos and groups", async () => {
    const table = await (await scatteredStore("<f2", 4)).rows();
    const groups = table.groupIndices();
    for (let row = 0; row < table.rows; row++) {
      expect(table.videos[table.videoIndices[row] ?? -1]?.id).toBe(table.videoIds[row]);
      for (let other = 0; other < row; other++) {
        expect(groups[other] === groups[row]).toBe(table.groups[other] === table.groups[row]);
      }
    }
  });

  it("are refused where a file of vectors is missing, short, long or of another shape or type", async () => {
    const store = await sampleStore(0, 4);
    const path = join(store.root, "img_emb/img_emb_000000.npy");
    const bytes = await readFile(path);
    const edited = (from: string, to: string) => Buffer.from(bytes.toString("latin1").replace(from, to), "latin1");
    const damaged = [
      undefined,
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.alloc(2)]),
      Buffer.alloc(0),
      edited("<f2", "<f4"),
      edited("(7, 6)", "(6, 7)"),
      edited("NUMPY", "NUMPX"),
    ];
    for (const content of damaged) {
      if (content === undefined) await rm(path);
      else await writeFile(path, content);
      await expect(store.rows()).rejects.toMatchObject({ code: "ERR_UNREEL_STORE_CORRUPT", details: { path } });
    }
  });
});
