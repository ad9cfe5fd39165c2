// Writes evenly spread frames of a video as PPM pictures, which every image viewer opens.
//
//   node examples/sample-frames.ts clip.mp4 4 frames
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openVideo } from "unreel";

const [, , file = "clip.mp4", count = "8", folder = "frames"] = process.argv;

await mkdir(folder, { recursive: true });
await using video = await openVideo(file);
for await (const { data, width, height, frame, ptsUs } of video.sample({ count: Number(count) })) {
  const name = join(folder, `frame-${String(frame).padStart(6, "0")}.ppm`);
  await writeFile(name, [`P6\n${width} ${height}\n255\n`, data]);
  console.log(`${name} at ${(ptsUs / 1e6).toFixed(3)} s`);
}
const { framesDamaged, framesMissing } = video.stats;
if (framesDamaged + framesMissing > 0) console.log(`${framesDamaged} damaged, ${framesMissing} missing`);
