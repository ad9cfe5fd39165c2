// Main thread and two workers use the addon at once. Prints what each of them got, as JSON.
// Usage: workers.mjs CLIP ENCODER
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { contrastiveLoss, loadEncoder, openVideo, preprocess, trainSvm } from "../../dist/index.js";

/** A little of everything. */
async function everything([clip, model]) {
  const video = await openVideo(clip);
  let pixels = 0;
  for await (const { data } of video.sample({ count: 5 })) for (const value of data) pixels += value;
  video.close();
  const encoder = await loadEncoder(model, { threads: 2 });
  const embedded = [];
  for await (const { ok, frames, embeddings } of encoder.embed([clip, clip, clip], { count: 4 })) {
    embedded.push([ok, frames.length, embeddings.reduce((sum, value) => sum + value, 0)]);
  }
  encoder.close();
  const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i));
  const labels = Int32Array.from({ length: 16 }, (_, i) => i % 2);
  const { loss } = await contrastiveLoss(x, labels, { rows: 16, dims: 4 });
  const svm = await trainSvm(x, labels, { rows: 16, dims: 4 });
  const values = await svm.decisionValues(x, { rows: 16 });
  const crop = await preprocess(new Uint8Array(30 * 20 * 3).fill(9), { width: 30, height: 20 });
  return { pixels, embedded, loss, values: [...values], crop: crop.length };
}

if (isMainThread) {
  const inputs = process.argv.slice(2);
  const workers = [0, 1].map(() => new Worker(new URL(import.meta.url), { workerData: inputs }));
  const answers = workers.map(
    (worker) =>
      new Promise((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      }),
  );
  const ended = workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
  const results = await Promise.all([everything(inputs), ...answers]);
  const codes = await Promise.all(ended);
  // The workers are gone with their copies of the addon's state; the main thread's still works.
  console.log(JSON.stringify({ results: [...results, await everything(inputs)], codes }));
} else {
  parentPort.postMessage(await everything(workerData));
}
