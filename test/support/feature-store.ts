// Stores of made-up features: videos of four frames, groups of a real video and two fakes of it.
import { createOrOpenStore, type FeatureStore } from "../../src/features/store.js";
import { Random } from "../../src/random.js";

/** What to make. */
export interface MadeFeatures {
  readonly groups: number;
  readonly dimension: number;
  readonly seed: number;
  /** How far the fakes' first number lies from the reals', in deviations of the noise. Default 1. */
  readonly shift?: number;
  readonly split?: string;
  /** Begins the ids and groups. */
  readonly prefix?: string;
  /** Changes each video's rows. */
  readonly change?: (embeddings: Float32Array) => void;
}

/** Makes the store, in float32; equal for equal settings. */
export async function makeFeatures(folder: string, made: MadeFeatures): Promise<FeatureStore> {
  const { groups, dimension, seed, shift = 1, split = "train", prefix = "", change = () => {} } = made;
  const fingerprint = { encoders: [{ sha256: "ab12", dimension }], count: 4 };
  const store = await createOrOpenStore(folder, { dimension, dtype: "<f4", fingerprint });
  const random = new Random(seed);
  const noise = () => (random.next() / 2 ** 32 - 0.5) * Math.sqrt(12);
  await using writer = await store.writer();
  for (let group = 0; group < groups; group++) {
    for (const [take, label] of ([0, 1, 1] as const).entries()) {
      const own = Float32Array.from({ length: dimension }, noise);
      const frames = [0, 1, 2, 3].map((frame) => ({ frame, ptsUs: frame * 40_000 }));
      const embeddings = Float32Array.from({ length: 4 * dimension }, (_, i) => {
        return (own[i % dimension] ?? 0) + noise() / 2 + (i % dimension === 0 ? shift * label : 0);
      });
      change(embeddings);
      const id = `${prefix}${group}-${take}`;
      await writer.add({ id, uri: id, label, group: `${prefix}g${group}`, split, frames, embeddings });
    }
  }
  await writer.close();
  return store;
}
