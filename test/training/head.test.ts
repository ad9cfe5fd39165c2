import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ProjectionHead } from "../../src/training/head.js";
import type { HeadLayer } from "../../src/training/head-layers.js";
import { trainHead } from "../../src/training/train-head.js";
import { temporaryFolder } from "../support/folders.js";
import { clusters } from "./clusters.js";

const folder = temporaryFolder("head");
const at = (name: string) => join(folder, name);

const dimension = 12;
const rows = 80;
const quick = { dim: 6, epochs: 6, batch: 16 };
const data = { ...clusters(rows, dimension), rows, dimension };

/** A head whose numbers are known. */
const layer: HeadLayer = {
  in: 3,
  out: 2,
  weight: Float32Array.of(1, 2, 3, -1, 0.5, 0.25),
  bias: Float32Array.of(0.5, -0.125),
};
const known = new ProjectionHead({ layers: [layer] });

describe("a projection head", () => {
  it("is u = W x + b at unit length", async () => {
    const x = Float32Array.of(1, 0, 0, 0.25, -2, 8, 0, 0, 0);
    const z = await known.project(x, { rows: 3 });
    const expected = [0, 1, 2].flatMap((row) => {
      const [a = 0, b = 0, c = 0] = x.subarray(row * 3);
      const u = [a + 2 * b + 3 * c + 0.5, -a + 0.5 * b + 0.25 * c - 0.125];
      return u.map((value) => value / Math.hypot(...u));
    });
    for (const [i, value] of expected.entries()) expect(z[i]).toBeCloseTo(value, 6);
    expect(z).toHaveLength(6);
  });

  it("projects a row to the same bytes whichever rows stand beside it", async () => {
    const head = await trainHead(data, { ...quick, epochs: 1 });
    const all = await head.project(data.x, { rows });
    for (const row of [0, 1, 37, rows - 1]) {
      const alone = await head.project(data.x.slice(row * dimension, (row + 1) * dimension), { rows: 1 });
      expect(alone).toEqual(all.slice(row * quick.dim, (row + 1) * quick.dim));
    }
    expect(await head.project(new Float32Array(0), { rows: 0 })).toEqual(new Float32Array(0));
  });

  it("refuses NaN with row and column, and rows that do not fit", async () => {
    await expect(known.project(Float32Array.of(1, 2, 3, 4, Number.NaN, 6), { rows: 2 })).rejects.toMatchObject({
      code: "ERR_UNREEL_NOT_FINITE",
      details: { row: 1, column: 1 },
    });
    expect(() => known.project(new Float32Array(5), { rows: 2 })).toThrow(RangeError);
    expect(() => known.project([1, 2, 3] as never, { rows: 1 })).toThrow(TypeError);
  });

  it("comes back from its file with every bit, and projects to the same bytes", async () => {
    const head = await trainHead(data, { ...quick, epochs: 1 });
    await head.save(at("round.safetensors"));
    const again = await ProjectionHead.load(at("round.safetensors"));
    expect([again.inputDimension, again.dimension]).toEqual([dimension, quick.dim]);
    expect(again.layers).toEqual(head.layers);
    expect(again.metadata).toEqual(head.metadata);
    expect(await again.project(data.x, { rows })).toEqual(await head.project(data.x, { rows }));
  });

  it("is saved as safetensors: length, JSON, numbers", async () => {
    await known.save(at("known.safetensors"));
    const bytes = readFileSync(at("known.safetensors"));
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString("utf8", 8, 8 + length))).toEqual({
      __metadata__: { format: "unreel.head", kind: "linear" },
      weight: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
      bias: { dtype: "F32", shape: [2], data_offsets: [24, 32] },
    });
    const numbers = Array.from({ length: 8 }, (_, i) => bytes.readFloatLE(8 + length + 4 * i));
    expect(numbers).toEqual([1, 2, 3, -1, 0.5, 0.25, 0.5, -0.125]);
    expect(bytes).toHaveLength(8 + length + 32);
  });
});

describe("a head's file is refused", () => {
  let whole = Buffer.alloc(0);
  beforeAll(async () => {
    await known.save(at("whole.safetensors"));
    whole = readFileSync(at("whole.safetensors"));
  });

  /** A safetensors file of these tensors, each of zeros. */
  function file(tensors: Readonly<Record<string, readonly number[]>>, fill = 0, dtype: "F32" | "F64" = "F32"): Buffer {
    const Numbers = dtype === "F64" ? Float64Array : Float32Array;
    let end = 0;
    const header = Object.fromEntries(
      Object.entries(tensors).map(([name, shape]) => {
        const begin = end;
        end += Numbers.BYTES_PER_ELEMENT * shape.reduce((product, side) => product * side, 1);
        return [name, { dtype, shape, data_offsets: [begin, end] }];
      }),
    );
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([length, json, Buffer.from(new Numbers(end / Numbers.BYTES_PER_ELEMENT).fill(fill).buffer)]);
  }

  it.each<[string, () => Buffer, RegExp]>([
    ["without bytes", () => Buffer.alloc(0), /0 bytes/],
    ["cut within the length", () => whole.subarray(0, 5), /5 bytes/],
    ["cut within the header", () => whole.subarray(0, 60), /cut off/],
    ["cut within the numbers", () => whole.subarray(0, -4), /does not fit/],
    ["with a length beyond the file", () => Buffer.concat([Buffer.alloc(8, 0xff), whole.subarray(8)]), /cut off/],
    [
      "with a header that is no JSON",
      () => Buffer.concat([whole.subarray(0, 8), Buffer.alloc(whole.length - 8, "x")]),
      /JSON/,
    ],
    ["of text", () => Buffer.from("this is no head, whatever its name says\n"), /cut off/],
    ["without bias", () => file({ weight: [2, 3] }), /lacks/],
    ["without weight", () => file({ bias: [2] }), /lacks/],
    ["with a bias of another length", () => file({ weight: [2, 3], bias: [3] }), /\[2,3\] and bias \[3\]/],
    ["with a weight of three axes", () => file({ weight: [2, 3, 1], bias: [2] }), /weight has shape/],
    ["with an empty weight", () => file({ weight: [0, 3], bias: [0] }), /weight has shape/],
    ["with NaN", () => file({ weight: [2, 3], bias: [2] }, Number.NaN), /NaN/],
    ["with infinity", () => file({ weight: [2, 3], bias: [2] }, Number.POSITIVE_INFINITY), /NaN or infinite/],
    [
      "with a hidden layer that gives other numbers than the last takes",
      () => file({ "hidden.weight": [4, 3], "hidden.bias": [4], weight: [2, 5], bias: [2] }),
      /hidden\.weight gives 4 numbers and weight takes 5/,
    ],
    [
      "with a hidden layer without bias",
      () => file({ "hidden.weight": [4, 3], weight: [2, 4], bias: [2] }),
      /lacks the tensors hidden\.weight and hidden\.bias/,
    ],
    ["with doubles", () => file({ weight: [2, 3], bias: [2] }, 0, "F64"), /not of float32/],
    [
      "with half floats",
      () => Buffer.from(whole.toString("latin1").replaceAll('"F32"', '"F16"'), "latin1"),
      /F16, not F32/,
    ],
  ])("%s", async (name, make, message) => {
    const path = at(`${name.replaceAll(" ", "-")}.safetensors`);
    writeFileSync(path, make());
    await expect(ProjectionHead.load(path)).rejects.toMatchObject({
      code: "ERR_UNREEL_HEAD_INVALID",
      message: expect.stringMatching(message),
      details: { path },
    });
  });

  it("when it is not there", async () => {
    await expect(ProjectionHead.load(at("nowhere.safetensors"))).rejects.toMatchObject({
      code: "ERR_UNREEL_HEAD_INVALID",
      details: { path: at("nowhere.safetensors") },
    });
  });

  it("never otherwise: each cut of a file is an error of this code, and leaves no other file", async () => {
    const before = readdirSync(folder).length;
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(at("cut.safetensors"), whole.subarray(0, length));
      await expect(ProjectionHead.load(at("cut.safetensors"))).rejects.toMatchObject({
        code: "ERR_UNREEL_HEAD_INVALID",
      });
    }
    expect(readdirSync(folder)).toHaveLength(before + 1);
  });
});
