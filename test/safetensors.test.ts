import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSafetensors, type Tensor, type TensorFile, writeSafetensors } from "../src/safetensors.js";
import { temporaryFolder } from "./support/folders.js";

const folder = temporaryFolder("safetensors");
const at = (name: string) => join(folder, name);

const tensor: fc.Arbitrary<Tensor> = fc.array(fc.nat(4), { maxLength: 3 }).chain((shape) => {
  const length = shape.reduce((product, side) => product * side, 1);
  return fc
    .float32Array({ minLength: length, maxLength: length, noNaN: true })
    .map((data): Tensor => ({ shape, data }));
});
const name = fc
  .string({ unit: "grapheme", minLength: 1 })
  .filter((each) => each !== "__metadata__" && each !== "__proto__");
const file: fc.Arbitrary<TensorFile> = fc.record({
  tensors: fc
    .uniqueArray(fc.tuple(name, tensor), { selector: ([each]) => each, maxLength: 4 })
    .map((all) => new Map(all)),
  metadata: fc.dictionary(name, fc.string({ unit: "grapheme" }), { noNullPrototype: true }),
});

describe("safetensors", () => {
  it("come back with every name, shape, number and word", async () => {
    await fc.assert(
      fc.asyncProperty(file, async (written) => {
        await writeSafetensors(at("round"), written);
        const read = await readSafetensors(at("round"));
        expect(new Map(read.tensors)).toEqual(new Map(written.tensors));
        expect(read.metadata).toEqual(written.metadata);
      }),
      { numRuns: 60 },
    );
  });

  it("are a length, a JSON header padded with spaces, and the numbers one after the other", async () => {
    const tensors = new Map<string, Tensor>([
      ["a", { shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 3.25) }],
      // A view into a larger array: its own numbers alone are written.
      ["scalar", { shape: [], data: Float32Array.of(9, 7, 9).subarray(1, 2) }],
    ]);
    await writeSafetensors(at("layout"), { tensors, metadata: { format: "pt" } });
    const bytes = readFileSync(at("layout"));
    const header =
      '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},' +
      '"scalar":{"dtype":"F32","shape":[],"data_offsets":[16,20]}}';
    const length = bytes.readBigUInt64LE(0);
    expect(length).toBe(BigInt(8 * Math.ceil(header.length / 8)));
    expect(bytes.toString("latin1", 8, 8 + Number(length))).toBe(header.padEnd(Number(length), " "));
    const data = bytes.subarray(8 + Number(length));
    expect(Array.from({ length: data.length / 4 }, (_, i) => data.readFloatLE(4 * i))).toEqual([1, -2, 0.5, 3.25, 7]);
  });

  it("are replaced as a whole, and no other file stays", async () => {
    const tensors = new Map<string, Tensor>([["x", { shape: [1], data: Float32Array.of(1) }]]);
    await writeSafetensors(at("twice"), { tensors, metadata: { turn: "1" } });
    await writeSafetensors(at("twice"), { tensors, metadata: { turn: "2" } });
    expect((await readSafetensors(at("twice"))).metadata).toEqual({ turn: "2" });
    expect(readdirSync(folder).filter((each) => each.endsWith(".tmp"))).toEqual([]);
  });

  it("are refused whatever is cut off or does not fit, in words and without reading past the end", async () => {
    const entry = (change: object) => ({ x: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...change } });
    const read = async (header: unknown, data = Buffer.alloc(8)) => {
      const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(json.length));
      writeFileSync(at("broken"), Buffer.concat([length, json, data]));
      return readSafetensors(at("broken"));
    };
    expect((await read(entry({}))).tensors.get("x")).toEqual({ shape: [2], data: new Float32Array(2) });
    await expect(read(entry({}), Buffer.alloc(7))).rejects.toThrow(/does not fit/);
    await expect(read(entry({ shape: [3] }))).rejects.toThrow(/does not fit/);
    await expect(read(entry({ data_offsets: [4, 12] }))).rejects.toThrow(/does not fit/);
    await expect(read(entry({ data_offsets: [8, 0] }))).rejects.toThrow(/does not fit/);
    await expect(read(entry({ data_offsets: [-8, 0] }))).rejects.toThrow(/no shape or offsets/);
    await expect(read(entry({ shape: [1.5] }))).rejects.toThrow(/no shape or offsets/);
    await expect(read(entry({ shape: "2" }))).rejects.toThrow(/no shape or offsets/);
    await expect(read(entry({ dtype: "BF16" }))).rejects.toThrow(/BF16, not F32/);
    await expect(read("[1")).rejects.toThrow(SyntaxError);
    await expect(read("null")).rejects.toThrow(/no JSON object/);
    writeFileSync(at("broken"), Buffer.alloc(7));
    await expect(readSafetensors(at("broken"))).rejects.toThrow(/7 bytes/);
  });
});
