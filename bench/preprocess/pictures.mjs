// One frame of real footage in the sizes and layouts that are measured, as raw files.
import { join } from "node:path";
import { fetchSource } from "../../scripts/deps/fetch.mjs";
import { run } from "../../scripts/lib/run.mjs";

export const sizes = [
  { name: "1080p", width: 1920, height: 1080 },
  { name: "720p", width: 1280, height: 720 },
  { name: "360p", width: 640, height: 360 },
];

/** Each size with the paths of its raw files: `rgb24`, and `gbrp` and `yuv420p` as a decoder would give it. */
export async function makePictures(folder) {
  const clip = join(await fetchSource("demo-footage"), "vtest.avi");
  const made = [];
  for (const size of sizes) {
    const file = (layout) => join(folder, `${size.name}.${layout}`);
    const scale = `scale=${size.width}:${size.height}:flags=lanczos`;
    for (const layout of ["rgb24", "yuv420p"]) {
      const to = ["-frames:v", "1", "-vf", `${scale},format=${layout}`, "-f", "rawvideo", file(layout)];
      await run("ffmpeg", ["-nostdin", "-v", "error", "-ss", "5", "-i", clip, ...to], { capture: true });
    }
    // gbrp's planes hold G, B and R; three planes of anything take the same time.
    const planes = ["-frames:v", "1", "-vf", `${scale},format=gbrp`, "-f", "rawvideo", file("gbrp")];
    await run("ffmpeg", ["-nostdin", "-v", "error", "-ss", "5", "-i", clip, ...planes], { capture: true });
    made.push({ ...size, rgb24: file("rgb24"), gbrp: file("gbrp"), yuv420p: file("yuv420p") });
  }
  return made;
}
