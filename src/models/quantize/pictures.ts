// The pictures that a quantised model is compared with its original over.
import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Encoder } from "../../encoder.js";
import { type CodedError, isCodedError, UnreelError } from "../../errors.js";
import { readNpyFile } from "../../npy-file.js";
import { preprocess } from "../../preprocess.js";
import { type PreprocessingVariant, preprocessingVariants } from "../../preprocessing.js";
import { SeededRandom } from "../seeded-random.js";

/** Pictures of one file or of none, as an encoder sees them. */
export interface PictureSet {
  /** What they are, for reports: "8 seeded pictures", "frames of 12 files in DIR". */
  readonly name: string;
  /** Embeddings of all pictures, n x dimension; a function of the encoder and the set alone. */
  embed(encoder: Encoder, signal: AbortSignal | undefined): Promise<Float32Array>;
}

const syntheticCount = 16;
const mostPictures = 128;

/** Pictures drawn from a fixed seed: waves, edges and noise, flat and full of contrast. The same on every machine. */
export const syntheticPictures: PictureSet = {
  name: `${syntheticCount} synthetic pictures`,
  embed: (encoder, signal) => encoder.encode(drawn(squareOf(encoder).size), signal ? { signal } : {}),
};

/** The square that the encoder sees. @throws UnreelError `ERR_UNREEL_MODEL_CONTRACT` where it sees something else */
function squareOf(encoder: Encoder): { readonly variant: PreprocessingVariant; readonly size: number } {
  const [part] = encoder.info.parts;
  const variant = preprocessingVariants.find((each) => each === part?.preprocessing);
  if (part === undefined || variant === undefined) {
    throw new UnreelError(
      "ERR_UNREEL_MODEL_CONTRACT",
      `${part?.path} takes ${part?.preprocessing} and no square pictures; only encoders of pictures are quantised.`,
      { path: part?.path ?? "" },
    );
  }
  return { variant, size: part.imageSize };
}

function drawn(size: number): Uint8Array {
  const pictures = new Uint8Array(syntheticCount * size * size * 3);
  for (let i = 0; i < syntheticCount; i++) {
    draw(pictures.subarray(i * size * size * 3, (i + 1) * size * size * 3), size, new SeededRandom(i, "picture"));
  }
  return pictures;
}

/** A base colour, a few waves, discs with hard edges, and noise, each as strong as chance has it. */
function draw(picture: Uint8Array, size: number, random: SeededRandom): void {
  const unit = () => (random.next() >>> 0) / 2 ** 32;
  const color = () => [unit() * 255, unit() * 255, unit() * 255];
  const base = color();
  const waves = Array.from({ length: 3 }, () => ({
    x: (unit() - 0.5) * 40,
    y: (unit() - 0.5) * 40,
    turn: unit() * 6,
    color: color(),
  }));
  const discs = Array.from({ length: 5 }, () => ({ x: unit(), y: unit(), radius: unit() ** 2 / 2, color: color() }));
  const noise = unit() ** 3 * 80;
  for (let at = 0; at < size * size; at++) {
    const [x, y] = [(at % size) / size, Math.floor(at / size) / size];
    const disc = discs.find((each) => Math.hypot(each.x - x, each.y - y) < each.radius);
    for (let channel = 0; channel < 3; channel++) {
      let value = (disc?.color ?? base)[channel] ?? 0;
      for (const wave of waves)
        value += (Math.sin(wave.x * x + wave.y * y + wave.turn) * (wave.color[channel] ?? 0)) / 6;
      picture[at * 3 + channel] = Math.min(255, Math.max(0, Math.round(value + (unit() - 0.5) * noise)));
    }
  }
}

/** A file that could not be used, and why. */
export interface SkippedFile {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

/**
 * Pictures of a folder: videos and images that `openVideo` reads, and .npy files of uint8 RGB, [H, W, 3] or [N, H, W, 3]. At
 * most 128, of files evenly spread over the folder's sorted list, evenly spread over each file.
 */
export class FolderPictures implements PictureSet {
  readonly #folder: string;
  readonly #files: readonly string[];
  readonly #perFile: number;
  readonly #skipped = new Map<string, SkippedFile>();

  private constructor(folder: string, files: readonly string[], perFile: number) {
    this.#folder = folder;
    this.#files = files;
    this.#perFile = perFile;
  }

  /** @throws UnreelError `ERR_UNREEL_NOT_FOUND` where there is no such folder or no file in it */
  static async open(folder: string): Promise<FolderPictures> {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      throw new UnreelError(
        "ERR_UNREEL_NOT_FOUND",
        `There is no folder of frames at ${folder}`,
        { path: folder },
        error,
      );
    });
    const names = entries
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => name);
    if (names.length === 0) {
      throw new UnreelError("ERR_UNREEL_NOT_FOUND", `The folder of frames ${folder} has no files`, { path: folder });
    }
    const files = spread(names.sort(), mostPictures);
    return new FolderPictures(folder, files, Math.max(1, Math.floor(mostPictures / files.length)));
  }

  get name(): string {
    const count = this.#files.length - this.#skipped.size;
    return `pictures of ${count} ${count === 1 ? "file" : "files"} in ${this.#folder}`;
  }

  /** Files that could not be used so far. */
  get skipped(): readonly SkippedFile[] {
    return [...this.#skipped.values()];
  }

  async embed(encoder: Encoder, signal: AbortSignal | undefined): Promise<Float32Array> {
    const parts: Float32Array[] = [];
    for (const file of this.#files) {
      if (this.#skipped.has(file)) continue;
      try {
        parts.push(await this.#embedFile(encoder, join(this.#folder, file), signal));
      } catch (error) {
        if (!isSkippable(error)) throw error;
        this.#skipped.set(file, { file, code: error.code, message: error.message });
      }
    }
    if (parts.length === 0) {
      const [first] = this.skipped;
      const why = `${first?.file}: ${first?.message}`;
      throw new UnreelError("ERR_UNREEL_NO_FRAMES", `No file in ${this.#folder} has pictures: ${why}`, {
        path: this.#folder,
      });
    }
    return joined(parts);
  }

  async #embedFile(encoder: Encoder, path: string, signal: AbortSignal | undefined): Promise<Float32Array> {
    const abort = signal ? { signal } : {};
    if (extname(path).toLowerCase() === ".npy") {
      return encoder.encode(await npyCrops(path, squareOf(encoder), this.#perFile), abort);
    }
    return (await encoder.embedVideo(path, { count: this.#perFile, ...abort })).embeddings;
  }
}

/** One bad file among many. A .npy file of another kind is a wrong argument elsewhere. */
function isSkippable(error: unknown): error is CodedError {
  return isCodedError(error) && ["input", "media", "argument"].includes(error.category);
}

async function npyCrops(
  path: string,
  { variant, size }: ReturnType<typeof squareOf>,
  most: number,
): Promise<Uint8Array> {
  const { shape, data } = await readNpyFile(path);
  const [height = 0, width = 0, channels = 0] = shape.slice(-3);
  const count = shape.length === 4 ? (shape[0] ?? 0) : 1;
  if (shape.length < 3 || shape.length > 4 || channels !== 3 || data.length === 0) {
    const found = `[${shape.join(", ")}]`;
    throw new UnreelError(
      "ERR_UNREEL_NO_FRAMES",
      `${path} has the shape ${found}; pictures are [H, W, 3] or [N, H, W, 3]`,
      {
        path,
      },
    );
  }
  const bytes = height * width * 3;
  const crops = spread(
    Array.from({ length: count }, (_, i) => i),
    most,
  ).map((i) => preprocess(data.subarray(i * bytes, (i + 1) * bytes), { width, height, variant, size }));
  const all = new Uint8Array(crops.length * size * size * 3);
  for (const [i, crop] of crops.entries()) all.set(await crop, i * size * size * 3);
  return all;
}

/** At most `most` of the items, evenly spread. */
function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / most)] as T);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    all.set(part, filled);
    filled += part.length;
  }
  return all;
}
