// Heads as others read them: the safetensors package and numpy, onnx's own evaluator, and onnxruntime-node.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ProjectionHead } from "../../src/training/head.js";
import { trainHead } from "../../src/training/train-head.js";
import { temporaryFolder } from "../support/folders.js";
import { writeNpy } from "../support/npy.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { clusters } from "./clusters.js";

const folder = temporaryFolder("head-files");
const at = (name: string) => join(folder, name);

const [rows, dimension] = [40, 12];
const data = { ...clusters(rows, dimension), rows, dimension };

const heads = ["linear", "mlp"] as const;

async function trained(kind: "linear" | "mlp"): Promise<ProjectionHead> {
  return trainHead(data, { head: kind, dim: 6, ...(kind === "mlp" && { hidden: 9 }), epochs: 2, batch: 16 });
}

function greatestDifference(a: Float32Array, b: Float32Array | readonly number[]): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}

describe.skipIf(referencePython() === undefined)(`a head read by the safetensors package (${withoutPython})`, () => {
  it.each(heads)("%s: names, shapes, metadata, and numpy's projections", async (kind) => {
    const head = await trained(kind);
    await head.save(at(`${kind}.safetensors`));
    await head.exportOnnx(at(`${kind}.onnx`));
    writeNpy(at("x.npy"), data.x, [rows, dimension]);
    const files = [at(`${kind}.safetensors`), at("x.npy"), at(`${kind}.onnx`)];
    const read = JSON.parse(await runReference("head.py", files));
    expect(read.types).toEqual(["float32"]);
    expect(read.shapes).toEqual(
      kind === "linear"
        ? { bias: [6], weight: [6, 12] }
        : { bias: [6], "hidden.bias": [9], "hidden.weight": [9, 12], weight: [6, 9] },
    );
    expect(read.metadata).toEqual({ format: "unreel.head", kind, ...head.metadata });
    const z = await head.project(data.x, { rows });
    expect(greatestDifference(z, read.projections.flat())).toBeLessThan(1e-6);
    // Joined behind another graph by onnx.compose.
    expect(greatestDifference(z, read.joined.flat())).toBeLessThan(1e-5);
  });
});

describe("a head's ONNX model", () => {
  it.each(heads)("%s: onnxruntime-node gives the same projections", async (kind) => {
    const head = await trained(kind);
    await head.exportOnnx(at(`run-${kind}.onnx`));
    const { InferenceSession, Tensor } = await import("onnxruntime-node");
    const session = await InferenceSession.create(at(`run-${kind}.onnx`));
    expect(session.inputNames).toEqual(["image_embeds"]);
    expect(session.outputNames).toEqual(["projections"]);
    const { projections } = await session.run({ image_embeds: new Tensor("float32", data.x, [rows, dimension]) });
    expect(projections?.dims).toEqual([rows, 6]);
    const z = await head.project(data.x, { rows });
    expect(greatestDifference(z, projections?.data as Float32Array)).toBeLessThan(1e-5);
    await session.release();
  });

  it("leaves the files of others alone", async () => {
    writeNpy(at("mine.onnx"), data.x, [rows, dimension]);
    await expect((await trained("linear")).exportOnnx(at("mine.onnx"))).rejects.toMatchObject({
      code: "ERR_UNREEL_OUTPUT_EXISTS",
    });
  });
});
