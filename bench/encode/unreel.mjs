// unreel's side: uint8 crops in, embeddings out, its own normalisation inside the clock.
import { readFileSync, writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { loadEncoder } from "../../dist/index.js";

const { model, crops, out, call, threads } = parseArgs({
  options: Object.fromEntries(["model", "crops", "out", "call", "threads"].map((name) => [name, { type: "string" }])),
}).values;
const pictures = new Uint8Array(readFileSync(crops));
const encoder = await loadEncoder(model, { threads: Number(threads) });
const [{ dimension, imageSize }] = encoder.info.parts;
const cropBytes = imageSize * imageSize * 3;
const embeddings = new Float32Array((pictures.length / cropBytes) * dimension);

/** Seconds for all pictures, `call` of them in each call. */
async function pass() {
  const began = performance.now();
  const step = Number(call) * cropBytes;
  for (let at = 0; at < pictures.length; at += step)
    embeddings.set(await encoder.encode(pictures.subarray(at, at + step)), (at / cropBytes) * dimension);
  return (performance.now() - began) / 1000;
}

const answer = (fields) => process.stdout.write(`${JSON.stringify(fields)}\n`);
await pass();
writeFileSync(out, embeddings);
answer({});
for await (const _ of createInterface({ input: process.stdin })) answer({ seconds: await pass() });
encoder.close();
