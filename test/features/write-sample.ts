import { createOrOpenStore, type FeatureStore } from "../../src/features/store.js";
import { videoFailure, videoFeatures } from "./sample-videos.js";

const DIMENSION = 6;
const VIDEOS = 8;
const BROKEN = 5;

/** Makes or resumes the sample store: seven videos with rows and one without, in several commits. */
export async function writeSample(folder: string): Promise<FeatureStore> {
  const store = await createOrOpenStore(folder, { dimension: DIMENSION, fingerprint: { encoder: "sample" } });
  const done = await store.completed();
  await using writer = await store.writer({ commitAfterMs: Number.POSITIVE_INFINITY, commitAfterRows: 6 });
  for (let index = 0; index < VIDEOS; index++) {
    const video = videoFeatures(index, DIMENSION);
    if (done.has(video.id)) continue;
    if (index === BROKEN) await writer.addFailure(videoFailure(index, false));
    else await writer.add(video);
  }
  return store;
}
