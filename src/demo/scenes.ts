import { createClip } from "../clip-writer.js";
import { throwIfAborted } from "../errors.js";
import { Random } from "../random.js";

/** Generated footage, for where there is no real one: six textured scenes side by side in one video. */
const columns = 3;
const rows = 2;
const side = 256;
const width = columns * side;
const height = rows * side;
const frames = 240;

/** One scene: a sum of waves that drift, a disc that walks over it, and a colour. */
interface Scene {
  readonly waves: readonly { readonly u: number; readonly v: number; readonly speed: number }[];
  readonly disc: { readonly radius: number; readonly orbit: number; readonly speed: number; readonly phase: number };
  readonly tint: readonly [number, number, number];
}

function drawScene(random: Random): Scene {
  const between = (low: number, high: number) => low + (random.next() / 2 ** 32) * (high - low);
  return {
    waves: Array.from({ length: 4 }, () => ({
      u: between(-0.3, 0.3),
      v: between(-0.3, 0.3),
      speed: between(-0.2, 0.2),
    })),
    disc: {
      radius: between(20, 45),
      orbit: between(30, 80),
      speed: between(0.02, 0.06),
      phase: between(0, 2 * Math.PI),
    },
    tint: [between(0.6, 1.2), between(0.6, 1.2), between(0.6, 1.2)],
  };
}

function brightness({ waves, disc }: Scene, x: number, y: number, frame: number): number {
  const angle = disc.phase + disc.speed * frame;
  const dx = x - side / 2 - disc.orbit * Math.cos(angle);
  const dy = y - side / 2 - disc.orbit * Math.sin(angle);
  if (dx * dx + dy * dy < disc.radius * disc.radius) return 200 - 0.5 * Math.abs(dx);
  let value = 110;
  for (const { u, v, speed } of waves) value += 22 * Math.sin(u * x + v * y + speed * frame);
  return value;
}

function paint(scenes: readonly Scene[], random: Random, frame: number, rgb: Uint8Array): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const scene = scenes[Math.floor(y / side) * columns + Math.floor(x / side)];
      if (scene === undefined) continue;
      const value = brightness(scene, x % side, y % side, frame) + random.below(13) - 6;
      const at = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        rgb[at + channel] = Math.min(255, Math.max(0, value * (scene.tint[channel] ?? 1)));
      }
    }
  }
}

/** Writes the generated footage; the same file, byte for byte, every time on the same machine. */
export async function writeScenes(path: string, signal: AbortSignal): Promise<void> {
  const random = new Random(1);
  const scenes = Array.from({ length: columns * rows }, () => drawScene(random));
  await using clip = await createClip(path, { width, height, quality: 2 });
  const rgb = new Uint8Array(width * height * 3);
  for (let frame = 0; frame < frames; frame++) {
    throwIfAborted(signal);
    paint(scenes, random, frame, rgb);
    await clip.write(rgb);
  }
  await clip.finish();
}
