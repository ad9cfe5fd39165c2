// node make-store.mjs FOLDER ROWS DIMENSION FRAMES: a store of sources with a real video and three fakes of it each; fakes
// differ from their real in a few numbers, and all of a source's rows lie around one point.
import { join } from "node:path";
import { createOrOpenStore } from "../../dist/index.js";

const [folder, ...numbers] = process.argv.slice(2);
const [rows, dimension, framesPerVideo] = numbers.map(Number);

/** A 32-bit generator that is quick: mulberry32. */
let state = 1;
function noise() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 0x80000000 - 1;
}

const fingerprint = { encoders: [{ sha256: "generated", dimension }], count: framesPerVideo };
const store = await createOrOpenStore(join(folder, "features"), { dimension, fingerprint });
const writer = await store.writer({ commitAfterMs: Number.POSITIVE_INFINITY });
const frames = Array.from({ length: framesPerVideo }, (_, frame) => ({ frame, ptsUs: frame * 40_000 }));
const scene = new Float32Array(dimension);
for (let video = 0; video < rows / framesPerVideo; video++) {
  const label = video % 4 === 0 ? 0 : 1;
  if (label === 0) for (let k = 0; k < dimension; k++) scene[k] = noise();
  const embeddings = new Float32Array(framesPerVideo * dimension);
  for (let i = 0; i < embeddings.length; i++) {
    const k = i % dimension;
    embeddings[i] = scene[k] + noise() + (label === 1 && k < 16 ? 0.5 : 0);
  }
  const group = `s${Math.floor(video / 4)}`;
  const id = `${group}-${video % 4}`;
  await writer.add({ id, uri: `${id}.mp4`, label, group, split: "train", frames, embeddings });
}
await writer.close();
