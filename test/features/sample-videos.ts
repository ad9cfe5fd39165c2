import type { VideoFailure, VideoFeatures } from "../../src/features/store.js";

/** Video `index` of an endless set: its facts, 1 to 3 frames, and numbers that float16 holds exactly. */
export function videoFeatures(index: number, dimension: number): VideoFeatures {
  const rows = (index % 3) + 1;
  return {
    id: `clips/${String(index).padStart(4, "0")}.mp4`,
    uri: `/data/clips/${index}.mp4`,
    label: index % 4 === 3 ? undefined : index % 2 === 0 ? 1 : 0,
    split: index % 5 === 4 ? undefined : index % 5 === 3 ? "test" : "train",
    group: `group ${index % 7}`,
    source: index % 2 === 0 ? "clips/original, “ä”.mp4" : undefined,
    identities: index % 3 === 0 ? undefined : index % 3 === 1 ? ["id0"] : ["id0", `id${index}`],
    method: index % 2 === 0 ? "blend" : undefined,
    dataset: index % 6 === 0 ? undefined : "sample",
    frames: Array.from({ length: rows }, (_, row) => ({ frame: row * 10, ptsUs: row * 333_333 - 40_000 })),
    embeddings: Float32Array.from({ length: rows * dimension }, (_, at) => (index * 8 + at) / 16 - 20),
  };
}

/** A video that could not be decoded. */
export function videoFailure(index: number, retryable: boolean): VideoFailure {
  const { id, uri, label, split, group } = videoFeatures(index, 1);
  const code = retryable ? "ERR_UNREEL_IO" : "ERR_UNREEL_CORRUPT";
  return { id, uri, label, split, group, error: { code, message: `${id} is unreadable`, retryable } };
}
