import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadEncoder } from "../../src/encoder-loading.js";
import { type ModelName, makeModel } from "../../src/models/index.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { cosine } from "../support/vectors.js";

/** Heads as published; they leave no trace in the weights' shapes. */
const models: readonly { readonly name: ModelName; readonly heads: number; readonly dimension: number }[] = [
  { name: "tiny", heads: 4, dimension: 48 },
  { name: "vit-b-32", heads: 12, dimension: 512 },
];
const cropBytes = 224 * 224 * 3;
const pictures = 8;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unreel-encoder-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(models)("seeded $name", ({ name, heads, dimension }) => {
  let file = "";
  beforeAll(async () => {
    file = join(folder, `${name}.onnx`);
    await makeModel(name, file, { seed: 1 });
  });

  it.skipIf(referencePython() === undefined)(
    `gives the embeddings of a float64 forward pass: cosine >= 0.999999 (${withoutPython})`,
    async () => {
      const crops = scenes();
      await writeFile(join(folder, "crops.npy"), npy("|u1", [pictures, 224, 224, 3], crops));
      const out = join(folder, `${name}.npy`);
      await runReference("clip_forward.py", [file, join(folder, "crops.npy"), out, "--heads", String(heads)]);
      const expected = await readFloat64(out, [pictures, dimension]);
      await using encoder = await loadEncoder(file, {});
      const embeddings = await encoder.encode(crops);
      expect(embeddings.length).toBe(pictures * dimension);
      for (let i = 0; i < pictures; i++) {
        const [begin, end] = [i * dimension, (i + 1) * dimension];
        expect(cosine(embeddings.subarray(begin, end), expected.subarray(begin, end))).toBeGreaterThanOrEqual(0.999999);
      }
    },
  );

  it("tells different pictures apart", async () => {
    await using encoder = await loadEncoder(file, {});
    const embeddings = await encoder.encode(scenes());
    const row = (i: number) => embeddings.subarray(i * dimension, (i + 1) * dimension);
    for (let i = 1; i < pictures; i++) {
      for (let j = 0; j < i; j++) expect(cosine(row(i), row(j))).toBeLessThan(0.9999);
    }
  });

  it.each([1, 2])("gives the same bytes alone and in any batch, with %d threads", async (threads) => {
    await using encoder = await loadEncoder(file, { threads });
    const crops = scenes();
    const encode = (begin: number, end: number) => encoder.encode(crops.subarray(begin * cropBytes, end * cropBytes));
    const together = await encode(0, pictures);
    for (const cuts of [
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
      [0, 3, 8],
      [0, 7, 8],
    ]) {
      const parts: number[] = [];
      for (let i = 1; i < cuts.length; i++) parts.push(...(await encode(cuts[i - 1] ?? 0, cuts[i] ?? 0)));
      expect(Float32Array.from(parts)).toEqual(together);
    }
  });
});

/** Pictures unlike each other: waves of growing frequency and shifting colour. */
function scenes(): Uint8Array {
  const crops = new Uint8Array(pictures * cropBytes);
  for (let i = 0; i < pictures; i++) {
    for (let at = 0; at < cropBytes; at++) {
      const [y, x, channel] = [Math.floor(at / 672), Math.floor(at / 3) % 224, at % 3];
      const wave = Math.sin((x * (i + 1) + y * channel) / 40) + Math.cos((y * (8 - i)) / 60 + channel * i);
      crops[i * cropBytes + at] = Math.round(127.5 + 63 * wave);
    }
  }
  return crops;
}

/** numpy's format, version 1.0: magic, version, length of the header, header padded to a multiple of 64, data. */
function npy(type: string, shape: readonly number[], data: Uint8Array): Buffer {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.from("\x93NUMPY\x01\x00\x00\x00", "latin1");
  start.writeUInt16LE(padded.length, 8);
  return Buffer.concat([start, Buffer.from(padded, "latin1"), data]);
}

async function readFloat64(path: string, shape: readonly number[]): Promise<Float64Array> {
  const file = await readFile(path);
  const start = 10 + file.readUInt16LE(8);
  const header = file.toString("latin1", 10, start);
  expect(header).toContain(`'descr': '<f8', 'fortran_order': False, 'shape': (${shape.join(", ")})`);
  return new Float64Array(file.buffer.slice(file.byteOffset + start, file.byteOffset + file.length));
}
