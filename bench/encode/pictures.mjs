// The crops that all contenders encode, and the same ones as the peers take them.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { openVideo } from "../../dist/index.js";
import { root } from "../../scripts/lib/root.mjs";
import { say } from "../../scripts/lib/run.mjs";

export const side = 224;
export const cropBytes = side * side * 3;

/** `count` crops in one array, uint8 RGB: of people where the clips are, else made of waves. */
export async function makeCrops(count) {
  const folder = join(resolve(process.env.UNREEL_ASSETS ?? join(root, "../shared/assets")), "faces");
  if (existsSync(folder)) return cropsOfClips(folder, count);
  say("the clips of ../shared/assets (or UNREEL_ASSETS) are not here: the pictures are waves");
  return waves(count);
}

async function cropsOfClips(folder, count) {
  const clips = readdirSync(folder).filter((name) => name.endsWith(".mkv"));
  const crops = new Uint8Array(count * cropBytes);
  const each = Math.ceil(count / clips.length);
  let filled = 0;
  for (const clip of clips) {
    const video = await openVideo(join(folder, clip));
    for await (const frame of video.sample({ count: each, size: "clip" }))
      if (filled < count) crops.set(frame.data, filled++ * cropBytes);
    video.close();
  }
  if (filled < count) throw new Error(`the clips in ${folder} gave ${filled} pictures, not ${count}`);
  return crops;
}

/** No two alike. */
function waves(count) {
  return Uint8Array.from({ length: count * cropBytes }, (_, at) => {
    const picture = Math.floor(at / cropBytes);
    const [y, x, channel] = [Math.floor((at % cropBytes) / (side * 3)), Math.floor(at / 3) % side, at % 3];
    const wave = Math.sin((x * (picture + 1) + y * channel) / 40) + Math.cos((y * (count - picture)) / 60 + channel);
    return Math.round(127.5 + 63 * wave);
  });
}

/** Writes the crops as float32, channel by channel, normalised: peers find this done before their clocks start. */
export function writeNormalized(crops, { mean, std }, path) {
  const plane = side * side;
  const pixels = new Float32Array(crops.length);
  for (let picture = 0; picture * cropBytes < crops.length; picture++)
    for (let channel = 0; channel < 3; channel++)
      for (let at = 0; at < plane; at++)
        pixels[(picture * 3 + channel) * plane + at] =
          (crops[(picture * plane + at) * 3 + channel] / 255 - mean[channel]) / std[channel];
  writeFileSync(path, pixels);
}
