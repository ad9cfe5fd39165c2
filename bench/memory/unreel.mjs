// unreel's side: samples the clip `videos` times, one frame held at a time, and prints what memory it took.
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { openVideo } from "../../dist/index.js";

const { path, options, videos } = JSON.parse(process.argv[2]);

const kilobytes = (field) => Number(new RegExp(`^${field}:\\s*(\\d+)`, "m").exec(readFileSync("/proc/self/status"))[1]);
const rssMb = () => kilobytes("VmRSS") / 1024;

// What is loaded at first use is no part of a video.
await openVideo("/dev/null").catch(() => undefined);
const rssStartMb = rssMb();
const rssMbAfter = [];
let frames = 0;
let packets = 0;
let packetsDecoded = 0;
const began = performance.now();
for (let i = 0; i < videos; i++) {
  const video = await openVideo(path);
  for await (const frame of video.sample(options)) frames += frame.data.length > 0 ? 1 : 0;
  packets += video.stats.packets;
  packetsDecoded += video.stats.packetsDecoded;
  video.close();
  globalThis.gc?.(); // where videos follow each other, so that what is not yet collected is no growth
  rssMbAfter.push(rssMb());
}
const seconds = (performance.now() - began) / 1000;
const rssPeakMb = kilobytes("VmHWM") / 1024;
process.stdout.write(JSON.stringify({ frames, seconds, packetsDecoded, packets, rssStartMb, rssPeakMb, rssMbAfter }));
