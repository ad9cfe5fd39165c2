// Holds an encoder, an open video, one from a stream, a sampling that nobody reads on and a head, closes nothing, and comes to its end.
// Usage: idle.mjs CLIP ENCODER
import { createReadStream } from "node:fs";
import { loadEncoder, openVideo, trainHead } from "../../dist/index.js";

const [clip, model] = process.argv.slice(2);
globalThis.encoder = await loadEncoder(model);
await globalThis.encoder.embedVideo(clip, { count: 4 });
globalThis.video = await openVideo(clip);
globalThis.sampling = globalThis.video.sample();
await globalThis.sampling.next();
globalThis.streamed = await openVideo(createReadStream(clip));
const x = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i * i));
const labels = Int32Array.from({ length: 8 }, (_, i) => i % 2);
globalThis.head = await trainHead({ x, labels, rows: 8, dimension: 4 }, { dim: 2, epochs: 1 });
console.log("idle");
