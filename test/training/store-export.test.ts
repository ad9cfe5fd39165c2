import { readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { StoreType } from "../../src/features/description.js";
import { createOrOpenStore, type FeatureStore } from "../../src/features/store.js";
import { exportSvmData } from "../../src/training/store-export.js";
import { readSvmData } from "../../src/training/svm-data.js";
import { sampleOptions, temporaryFolder } from "../features/sample-store.js";
import { videoFeatures } from "../features/sample-videos.js";
import { jsonLines, runCli } from "../support/cli.js";

const { dimension } = sampleOptions;

/** Videos in several shards, added in no order; a quarter of them has no label. */
async function scatteredStore(dtype: StoreType): Promise<FeatureStore> {
  const store = await createOrOpenStore(join(await temporaryFolder(), "features"), { ...sampleOptions, dtype });
  await using writer = await store.writer({ commitAfterMs: Number.POSITIVE_INFINITY, commitAfterRows: 4 });
  for (const index of [5, 2, 9, 0, 7, 3, 1, 4, 8, 6]) await writer.add(videoFeatures(index, dimension));
  await writer.close();
  return store;
}

describe("a store in libsvm's format", () => {
  for (const dtype of ["<f2", "<f4"] satisfies StoreType[]) {
    it(`of ${dtype}: every labelled row, as it is stored`, async () => {
      const store = await scatteredStore(dtype);
      const file = join(store.root, "..", "rows.txt");
      const summary = await exportSvmData(store, file);
      const expected = await store.read({ labelled: true });
      const all = await store.read();
      expect(summary).toEqual({ rows: expected.rows, dims: dimension, unlabelledRows: all.rows - expected.rows });
      expect(summary.unlabelledRows).toBeGreaterThan(0);
      const { x, labels } = await readSvmData(file, { dims: dimension });
      expect(labels).toEqual(expected.labels);
      expect(x).toEqual(Float64Array.from(expected.x));
    });
  }

  it("from the command line", async () => {
    const store = await scatteredStore("<f2");
    const out = join(store.root, "..", "rows.txt");
    const { status, stdout } = await runCli(["store", "export", store.root, "--format", "libsvm", "--out", out]);
    expect(status).toBe(0);
    const { rows } = await readSvmData(out);
    expect(jsonLines(stdout)).toEqual([{ ok: true, out, rows, dims: dimension, unlabelledRows: 3 }]);
    expect((await runCli(["store", "export", store.root, "--format", "csv", "--out", out])).status).toBe(2);
    expect((await runCli(["store", "export", store.root, "--out", out])).status).toBe(2);
  });

  it("is refused where no row has a label, and where a shard was cut", async () => {
    const store = await createOrOpenStore(join(await temporaryFolder(), "features"), sampleOptions);
    await using writer = await store.writer();
    await writer.add(videoFeatures(3, dimension));
    await writer.close();
    const out = join(store.root, "..", "rows.txt");
    await expect(exportSvmData(store, out)).rejects.toMatchObject({ code: "ERR_UNREEL_SPLIT_EMPTY" });

    const cut = await scatteredStore("<f4");
    const [file] = (await cut.rows({ labelled: true })).files;
    await truncate(file?.path ?? "", 140);
    await expect(exportSvmData(cut, out)).rejects.toMatchObject({ code: "ERR_UNREEL_STORE_CORRUPT" });
    await expect(readFile(out)).rejects.toThrow("ENOENT");
  });
});
