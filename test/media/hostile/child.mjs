// One process that opens hostile inputs. stdin: {inputs: [{source, limits, sample, edits}]}; stdout: one line of JSON for each
// input, as soon as it is known, and at last {peakBytes}. `source` is a path, a URL, or the name of a stream below;
// `edits` are changes to the file's bytes, each an input of its own.
import { readFileSync, writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { openVideo } from "../../../dist/index.js";

const streams = {
  /** Brings one byte at a time and never ends; it might be an MPEG program stream. */
  async *trickle() {
    yield Buffer.from([0, 0, 1, 0xba, 0x44]);
    for (;;) yield Buffer.alloc(1);
  },
  /** An MP4 that says its table comes after 2^62 bytes. */
  async *endless() {
    const head = Buffer.alloc(16);
    head.writeUInt32BE(1, 0);
    head.write("mdat", 4, "latin1");
    head.writeBigUInt64BE(1n << 62n, 8);
    yield Buffer.concat([Buffer.from("\0\0\0\x10ftypisom\0\0\x02\0", "latin1"), head]);
    for (;;) yield Buffer.alloc(1 << 20);
  },
};

async function frames(source, { limits, sample }) {
  const video = await openVideo(source, { limits });
  try {
    let taken = 0;
    for await (const _ of video.sample(sample)) taken++;
    return { frames: taken, frameCount: video.info.frameCount };
  } finally {
    video.close();
  }
}

async function say(source, input) {
  const outcome = await frames(source, input).catch((error) => ({
    code: error.code ?? "none",
    limit: error.details?.limit,
    message: error.message,
  }));
  writeSync(1, `${JSON.stringify(outcome)}\n`);
}

function edited(bytes, { length = bytes.length, flips = [] }) {
  const copy = Buffer.from(bytes.subarray(0, length));
  for (const [at, bits] of flips) copy[at % copy.length] ^= bits;
  return copy;
}

const { inputs } = JSON.parse(await text(process.stdin));
for (const input of inputs) {
  if (input.edits === undefined) {
    await say(streams[input.source]?.() ?? input.source, input);
    continue;
  }
  const bytes = readFileSync(input.source);
  for (const edit of input.edits) await say(edited(bytes, edit), input);
}
// Not resourceUsage().maxRSS: that is never below what the parent had when it started this process.
const [, peakKb] = /^VmHWM:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"));
writeSync(1, `${JSON.stringify({ peakBytes: Number(peakKb) * 1024 })}\n`);
