// Ends workers in the middle of work that would never end by itself, again and again; the main thread works on.
// Usage: terminated.mjs WORK CLIP ENCODER, where WORK is a key of `endless` below.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { openVideo } from "../../dist/index.js";
import { endless } from "./endless.mjs";

if (isMainThread) {
  const [, clip] = process.argv.slice(2);
  const codes = [];
  for (let round = 0; round < 8; round++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: process.argv.slice(2) });
    const failed = new Promise((_, reject) => worker.once("error", reject));
    await Promise.race([new Promise((resolve) => worker.once("message", resolve)), failed]);
    codes.push(await Promise.race([worker.terminate(), failed]));
  }
  const video = await openVideo(clip);
  let frames = 0;
  for await (const _ of video.sample()) frames++;
  video.close();
  console.log(JSON.stringify({ codes, frames }));
} else {
  const [work, ...inputs] = workerData;
  await endless[work](inputs, () => parentPort.postMessage("under way"));
}
