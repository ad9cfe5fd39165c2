// Work that goes on until somebody ends it; each calls `underWay` once it has begun to give results.
import { createReadStream } from "node:fs";
import { loadDetector, loadEncoder, openVideo, trainHead } from "../../dist/index.js";

function* forEver(item) {
  for (;;) yield item;
}

async function* silence() {
  await new Promise(() => undefined);
}

export const endless = {
  async embed([clip, model], underWay) {
    const encoder = await loadEncoder(model);
    for await (const { ok } of encoder.embed(forEver(clip), { count: 8 })) if (ok) underWay();
  },
  async scanMany([clip, , detectorFolder], underWay) {
    const detector = await loadDetector(detectorFolder);
    for await (const { ok } of detector.scanMany(forEver(clip))) if (ok) underWay();
  },
  async sample([clip], underWay) {
    const video = await openVideo(clip);
    for (;;) for await (const _ of video.sample()) underWay();
  },
  /** Streams that bring their bytes, beside some that never do and are waited for. */
  async stream([clip], underWay) {
    for (let i = 0; i < 4; i++) openVideo(silence()).catch(() => undefined);
    for (;;) {
      const video = await openVideo(createReadStream(clip));
      for await (const _ of video.sample({ count: 3 })) underWay();
      video.close();
    }
  },
  async train(_inputs, underWay) {
    const x = Float32Array.from({ length: 2000 * 64 }, (_, i) => Math.sin(i * i));
    const labels = Int32Array.from({ length: 2000 }, (_, i) => i % 2);
    await trainHead({ x, labels, rows: 2000, dimension: 64 }, { epochs: 1_000_000, onProgress: underWay });
  },
  /** A reader that leaves each loop after its first frame: a decoder is being stopped at any moment. */
  async leave([clip], underWay) {
    const video = await openVideo(clip);
    for (;;) {
      for await (const _ of video.sample()) break;
      underWay();
    }
  },
  /** An encoder that is closed while it works: its threads are being stopped at any moment. */
  async close([clip, model], underWay) {
    for (;;) {
      const encoder = await loadEncoder(model);
      const embedding = encoder.embedVideo(clip, { count: 8 });
      encoder.close();
      underWay();
      await embedding.catch(() => undefined);
    }
  },
};
