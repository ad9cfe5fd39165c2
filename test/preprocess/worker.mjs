// unreel's side on one target, the argument: answers lines of JSON on stdin with how many bytes differ from Pillow's.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

process.env.UNREEL_TARGET = process.argv[2];
const { diagnose, preprocess } = await import("../../dist/index.js");

async function answerTo({ picture, crop, width, height, variant, size }) {
  const ours = await preprocess(new Uint8Array(readFileSync(picture)), { width, height, variant, size });
  const theirs = readFileSync(crop);
  if (theirs.length !== ours.length) throw new Error(`Pillow wrote ${theirs.length} bytes, unreel ${ours.length}`);
  let differing = 0;
  for (let i = 0; i < ours.length; i++) if (ours[i] !== theirs[i]) differing++;
  return { differing };
}

process.stdout.write(`${JSON.stringify({ inForce: diagnose().cpu?.target })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await answerTo(JSON.parse(line)).catch((error) => ({ error: error.stack }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
