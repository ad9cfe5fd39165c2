import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadEncoder } from "../../src/encoder-loading.js";
import { makeModel } from "../../src/models/index.js";
import { writeClip } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";
import { readNpy, writeNpy } from "../support/npy.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";

const folder = temporaryFolder("residual");
const at = (name: string) => join(folder, name);
const dimension = 234;
const pictureBytes = 25 * 64 * 64;
const pictures = 6;

/** Noise of growing strength on slopes, the last picture of one brightness and the last but one of 0 and 255 alone. */
function tiles(): Uint8Array {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Uint8Array.from({ length: pictures * pictureBytes }, (_, i) => {
    const picture = Math.floor(i / pictureBytes);
    if (picture === pictures - 1) return 128;
    if (picture === pictures - 2) return random() < 0.5 ? 0 : 255;
    return 100 + (i % 64) / 4 + random() * 2 ** (2 * picture);
  });
}

beforeAll(async () => {
  await makeModel("residual", at("residual.onnx"));
  await makeModel("tiny", at("tiny.onnx"));
});

describe("residual", () => {
  // Pinned: features and detectors carry the encoder's SHA-256, so a change of these bytes orphans them.
  it("is the same file on every machine, and says what it is", async () => {
    expect(await makeModel("residual", at("again.onnx"), { seed: 7 })).toEqual({
      name: "residual",
      bytes: 1_408_179,
      sha256: "297ded8fd3e9ada2e0b5efa63dd03e294da509730b4f7184b19b7183af0f85d8",
      files: ["again.onnx"],
      seeded: false,
    });
    await using encoder = await loadEncoder(at("residual.onnx"));
    expect(encoder.info).toMatchObject({
      dimension,
      parts: [{ preprocessing: "luma-tiles", imageSize: 64, mean: null, std: null, precision: "fp32", dimension }],
    });
  });

  it.skipIf(referencePython() === undefined)(
    `is the formula that numpy computes, to 1e-6 (${withoutPython})`,
    async () => {
      writeNpy(at("tiles.npy"), tiles(), [pictures, 25, 64, 64]);
      await runReference("residual.py", [at("tiles.npy"), at("expected.npy")]);
      const { shape, bytes } = readNpy(at("expected.npy"));
      expect(shape).toEqual([pictures, dimension]);
      const expected = new Float64Array(bytes.buffer, bytes.byteOffset, pictures * dimension);
      await using encoder = await loadEncoder(at("residual.onnx"));
      const features = await encoder.encode(tiles());
      const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (features[i] ?? 9))), 0);
      expect(worst).toBeLessThan(1e-6);
    },
  );

  it("gives the same bytes alone and in any batch", async () => {
    await using encoder = await loadEncoder(at("residual.onnx"));
    const all = tiles();
    const together = await encoder.encode(all);
    for (let i = 0; i < pictures; i++) {
      const alone = await encoder.encode(all.subarray(i * pictureBytes, (i + 1) * pictureBytes));
      expect(alone).toEqual(together.subarray(i * dimension, (i + 1) * dimension));
    }
  });

  it("takes videos of any size, smaller than a tile too", async () => {
    await using encoder = await loadEncoder(at("residual.onnx"));
    for (const [width, height] of [
      [16, 16],
      [64, 48],
      [500, 40],
    ] as const) {
      const clip = at(`${width}.mp4`);
      await writeClip(clip, 4, { width, height });
      const { embeddings } = await encoder.embedVideo(clip, { count: 2 });
      expect(embeddings.length).toBe(2 * dimension);
      expect(embeddings.every(Number.isFinite)).toBe(true);
    }
  });

  it("refuses a preprocessing that is none of its own", async () => {
    await expect(loadEncoder(at("residual.onnx"), { preprocessing: { variant: "clip" } })).rejects.toMatchObject({
      code: "ERR_UNREEL_INVALID_ARGUMENT",
      message: expect.stringContaining("takes luma-tiles"),
    });
  });
});

describe("several encoders", () => {
  it("give their embeddings side by side, the same bytes as alone, in either order", async () => {
    const clip = at("clip.mp4");
    await writeClip(clip, 12, { width: 200, height: 160 });
    const rows = async (files: string[]) => {
      await using encoder = await loadEncoder(files);
      const { embeddings } = await encoder.embedVideo(clip, { count: 5 });
      expect(encoder.info.parts.map(({ path }) => path)).toEqual(files);
      expect(embeddings.length).toBe(5 * encoder.info.dimension);
      return Array.from({ length: 5 }, (_, i) =>
        embeddings.subarray(i * encoder.info.dimension, (i + 1) * encoder.info.dimension),
      );
    };
    const [a, b] = [at("tiny.onnx"), at("residual.onnx")];
    const [first, second] = [await rows([a]), await rows([b])];
    const join = (x: Float32Array | undefined, y: Float32Array | undefined) => [...(x ?? []), ...(y ?? [])];
    const ab = first.map((row, i) => join(row, second[i]));
    const ba = first.map((row, i) => join(second[i], row));
    expect((await rows([a, b])).map((row) => [...row])).toEqual(ab);
    expect((await rows([b, a])).map((row) => [...row])).toEqual(ba);
  });

  it("are all named by the fingerprint, in order", async () => {
    await using encoder = await loadEncoder([at("tiny.onnx"), at("residual.onnx")]);
    const { encoders } = encoder.fingerprint(4) as { encoders: { preprocessing: string; dimension: number }[] };
    expect(encoders.map(({ preprocessing, dimension: own }) => [preprocessing, own])).toEqual([
      ["clip", 48],
      ["luma-tiles", dimension],
    ]);
    expect(Object.keys(encoders[0] ?? {}).sort()).toEqual(
      ["dimension", "imageSize", "mean", "precision", "preprocessing", "sha256", "std"].sort(),
    );
  });

  it("are refused where one is named twice, whatever its name, and where a preprocessing is given for all", async () => {
    copyFileSync(at("tiny.onnx"), at("copy.onnx"));
    await expect(loadEncoder([at("tiny.onnx"), at("copy.onnx")])).rejects.toMatchObject({
      code: "ERR_UNREEL_INVALID_ARGUMENT",
      message: expect.stringContaining("copy.onnx are the same encoder"),
    });
    expect(() => loadEncoder([at("tiny.onnx"), at("residual.onnx")], { preprocessing: { variant: "clip" } })).toThrow(
      "options.preprocessing is for 1 of 2 encoders",
    );
    expect(() => loadEncoder([])).toThrow("empty list");
  });

  it("take no single pictures", async () => {
    await using encoder = await loadEncoder([at("tiny.onnx"), at("residual.onnx")]);
    expect(() => encoder.encode(new Uint8Array(pictureBytes))).toThrow("use embed()");
  });
});
