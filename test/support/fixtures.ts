import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { createClip } from "../../src/index.js";
import { repositoryRoot } from "./cli.js";

/** A deterministic moving picture: gradients that shift, and a bright block that walks. */
export function movingPicture(width: number, height: number, frame: number, hue = 0): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  const block = (frame * 5) % Math.max(1, width - 16);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inBlock = x >= block && x < block + 16 && y >= 16 && y < 32;
      const at = (y * width + x) * 3;
      rgb[at] = inBlock ? 250 : (x + frame * 2 + hue) & 255;
      rgb[at + 1] = inBlock ? 240 : (y * 2 + hue * 3) & 255;
      rgb[at + 2] = ((x ^ y) + frame) & 255;
    }
  }
  return rgb;
}

/** Writes a small clip; the same arguments give the same bytes. */
export async function writeClip(
  path: string,
  frames: number,
  { width = 96, height = 64, hue = 0 } = {},
): Promise<void> {
  const clip = await createClip(path, { width, height });
  for (let frame = 0; frame < frames; frame++) await clip.write(movingPicture(width, height, frame, hue));
  await clip.finish();
}

/** Makes the tiny seeded encoder; a second long at most. */
export function writeTinyEncoder(path: string): void {
  execFileSync(process.execPath, [join(repositoryRoot, "dist/cli.js"), "models", "make", "tiny", "--out", path], {
    stdio: "ignore",
  });
}
