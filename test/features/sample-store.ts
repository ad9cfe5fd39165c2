import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createOrOpenStore, type FeatureStore, type StoreOptions } from "../../src/features/store.js";
import { videoFeatures } from "./sample-videos.js";

/** What the stores of the tests hold. */
export const sampleOptions: StoreOptions = {
  dimension: 6,
  fingerprint: { encoder: { sha256: "ab12", precision: "fp32" }, preprocessing: "clip-224", count: 3 },
};

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "unreel-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A store in a new folder with the sample videos `from` to `to` - 1, in one shard. */
export async function sampleStore(
  from: number,
  to: number,
  options: Partial<StoreOptions> = {},
): Promise<FeatureStore> {
  const store = await createOrOpenStore(join(await temporaryFolder(), "features"), { ...sampleOptions, ...options });
  await using writer = await store.writer({ commitAfterMs: Number.POSITIVE_INFINITY });
  for (let index = from; index < to; index++) await writer.add(videoFeatures(index, store.info.dimension));
  return store;
}
