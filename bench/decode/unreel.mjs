// unreel's side: answers lines of JSON on stdin. Each clock runs from before a file is opened to its last frame.
import { closeSync, openSync, writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { openVideo } from "../../dist/index.js";

async function sampled(path, options) {
  const video = await openVideo(path);
  try {
    const frames = [];
    for await (const frame of video.sample(options)) frames.push(frame);
    return { frames, frameCount: video.info.frameCount, stats: video.stats };
  } finally {
    video.close();
  }
}

async function timed(work) {
  const began = performance.now();
  const result = await work();
  return { seconds: (performance.now() - began) / 1000, ...result };
}

const answers = {
  /** Seconds, and what was decoded for them. */
  async sample({ path, options }) {
    const { seconds, stats, frameCount } = await timed(() => sampled(path, options));
    return { seconds, stats, frameCount };
  },
  /** Presentation times; with `into`, the pixels of all frames as one raw file. */
  async show({ path, options, into }) {
    const { frames, frameCount } = await sampled(path, options);
    if (into !== undefined) {
      const file = openSync(into, "w");
      for (const frame of frames) writeSync(file, frame.data);
      closeSync(file);
    }
    const [{ width, height }] = frames;
    return { frameCount, width, height, ptsUs: frames.map((frame) => frame.ptsUs) };
  },
  /** Seconds for all of `paths`, `workers` at a time. */
  async many({ paths, options, workers }) {
    const waiting = paths.values();
    const work = async () => {
      for (const path of waiting) await sampled(path, options);
    };
    return timed(() => Promise.all(Array.from({ length: workers }, work)).then(() => ({})));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const answer = await answers[request.do](request).catch((error) => ({ error: error.stack }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
