// 8-bit models against numpy, against onnxruntime-node, and against the models that they were made from.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { loadEncoder, makeModel, quantizeModel } from "../../src/index.js";
import { OnnxModel, OnnxTensor } from "../../src/models/onnx/index.js";
import { outputScales, quantized } from "../../src/models/quantize/int8-matrix.js";
import { writeModel } from "../../src/models/write-model.js";
import { asset, haveAssets, withoutAssets } from "../support/assets.js";
import { writeClip } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";
import { npyBytes } from "../support/npy.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { cosine } from "../support/vectors.js";

const folder = temporaryFolder("quantize");
const at = (name: string) => join(folder, name);
const havePython = referencePython() !== undefined;
const exported = haveAssets
  ? readdirSync(asset("models", "clip-tiny")).filter((name) => name.endsWith(".onnx") && !name.includes("quantized"))
  : [];
const tiny = at("tiny.onnx");
const threads = 1;

beforeAll(async () => {
  await makeModel("tiny", tiny, { seed: 3 });
});

describe("8-bit weights", () => {
  const matrix = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 6 })).chain(([inputs, outputs]) =>
    fc.record({
      inputs: fc.constant(inputs),
      outputs: fc.constant(outputs),
      byOutput: fc.boolean(),
      weights: fc.float32Array({
        minLength: inputs * outputs,
        maxLength: inputs * outputs,
        noNaN: true,
        min: -1e6,
        max: 1e6,
      }),
    }),
  );

  it("are within half a step of the weights, and no pair can pass 16 bits", () => {
    fc.assert(
      fc.property(matrix, ({ inputs, outputs, byOutput, weights }) => {
        const [inputStride, outputStride] = byOutput ? [1, inputs] : [outputs, 1];
        const layout = { inputs, outputs, inputStride, outputStride };
        const scales = outputScales(weights, layout) ?? new Float32Array(0);
        const numbers = quantized(weights, layout, scales);
        for (let output = 0; output < outputs; output++) {
          const scale = scales[output] ?? 0;
          const number = (input: number) => (input < inputs ? (numbers[input * outputs + output] ?? 0) : 0);
          for (let input = 0; input < inputs; input++) {
            const weight = weights[input * inputStride + output * outputStride] ?? 0;
            expect(Math.abs(number(input) * scale - weight)).toBeLessThanOrEqual(scale * 0.5001);
          }
          for (let input = 0; input < inputs; input += 2) {
            const [one, two] = [number(input), number(input + 1)];
            const most = 255 * (Math.max(one, 0) + Math.max(two, 0));
            const least = 255 * (Math.min(one, 0) + Math.min(two, 0));
            expect(most).toBeLessThan(2 ** 15);
            expect(least).toBeGreaterThanOrEqual(-(2 ** 15));
          }
        }
      }),
    );
  });

  it("are none where a weight is not finite", () => {
    const layout = { inputs: 2, outputs: 1, inputStride: 1, outputStride: 2 };
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(outputScales(Float32Array.of(1, bad), layout)).toBeUndefined();
      expect(outputScales(Float32Array.of(bad, 1), layout)).toBeUndefined();
    }
  });

  it.skipIf(!havePython)(`are numpy's, number by number (${withoutPython})`, async () => {
    await quantizeModel(tiny, at("numpy.onnx"), { compare: false });
    const told = JSON.parse(await runReference("int8_weights.py", [tiny, at("numpy.onnx")]));
    expect(told).toEqual({ checked: 14, faults: [] });
  });
});

describe(`8-bit models of real exporters' files${haveAssets ? "" : ` (${withoutAssets})`}`, () => {
  it.each(exported)("give embeddings near the reference's, here and in onnxruntime-node: %s", async (name) => {
    const out = at(`int8-${name}`);
    const made = await quantizeModel(asset("models", "clip-tiny", name), out, { threads, minCosine: 0.999 });
    expect(made.cosine?.min).toBeGreaterThan(0.999);
    expect(made.int8Layers).toBeGreaterThanOrEqual(13);
    const crops = npyData(asset("models", "clip-tiny", "inputs_u8.npy"));
    const raw = npyData(asset("models", "clip-tiny", "image_embeds_f64.npy"));
    const expected = new Float64Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
    await using encoder = await loadEncoder(out, { threads });
    expect(encoder.info.parts[0]?.sha256).toBe(made.sha256);
    const embeddings = await encoder.encode(crops);
    for (const row of [0, 1]) {
      const [begin, end] = [row * 48, (row + 1) * 48];
      expect(cosine(embeddings.subarray(begin, end), expected.subarray(begin, end))).toBeGreaterThan(0.999);
      const outside = await runOutside(out, crops.subarray(row * 224 * 224 * 3, (row + 1) * 224 * 224 * 3));
      expect(cosine(outside, expected.subarray(begin, end))).toBeGreaterThan(0.999);
    }
  });

  it.skipIf(!haveAssets)("are refused of a file that is quantised already", async () => {
    const source = asset("models", "clip-tiny", "torchscript_opset14_quantized.onnx");
    const failed = quantizeModel(source, at("twice.onnx"), { threads });
    await expect(failed).rejects.toMatchObject({ code: "ERR_UNREEL_MODEL_QUANTIZED" });
    await quantizeModel(tiny, at("once.onnx"), { compare: false });
    await expect(quantizeModel(at("once.onnx"), at("twice.onnx"))).rejects.toMatchObject({
      code: "ERR_UNREEL_MODEL_QUANTIZED",
    });
  });
});

describe.skipIf(!havePython)(`weights are found${havePython ? "" : ` (${withoutPython})`}`, () => {
  it.each([
    ["transposed", 3, []],
    ["constant_node", 3, []],
    ["identity", 3, []],
    ["cast", 3, []],
    ["gemm", 4, []],
    ["shared", 5, []],
    ["attention", 3, []],
    ["masked_attention", 2, ["an attention with a mask or a past"]],
    ["within_if", 3, []],
    ["left", 3, []],
  ])("%s", async (kind, int8Layers, reasons) => {
    const source = at(`${kind}.onnx`);
    await runReference("onnx_placements.py", [source, kind]);
    const made = await quantizeModel(source, at(`${kind}.int8.onnx`), { threads });
    expect(made).toMatchObject({ int8Layers, files: [`${kind}.int8.onnx`] });
    expect(made.keptLayers.map(({ reason }) => reason)).toEqual(reasons);
    await using model = await OnnxModel.open(at(`${kind}.int8.onnx`));
    const names = [...model.graph.initializers.keys()];
    expect(names.filter((name) => name.endsWith("/int8")).length).toBe(kind === "shared" ? 4 : int8Layers);
    expect(names.includes("captured")).toBe(kind === "within_if");
  });

  it("in files beside the model", async () => {
    await runReference("external_data.py", [tiny, at("outside.onnx")]);
    const made = await quantizeModel(at("outside.onnx"), at("outside.int8.onnx"), { threads, externalData: true });
    expect(made.files).toEqual(["outside.int8.onnx", "outside.int8.onnx.data"]);
    const inside = await quantizeModel(tiny, at("inside.int8.onnx"), { threads });
    expect(made.cosine).toEqual(inside.cosine);
    await using source = await loadEncoder(at("outside.onnx"), { threads });
    expect(made.source.sha256).toBe(source.info.parts[0]?.sha256);
    await using encoder = await loadEncoder(at("outside.int8.onnx"), { threads });
    expect(encoder.info.parts[0]).toMatchObject({ sha256: made.sha256, precision: "int8" });
  });
});

describe("a file that ONNX Runtime's optimiser has written", () => {
  it.each(["extended", "all"] as const)("is quantised too: level %s", async (graphOptimizationLevel) => {
    const { InferenceSession } = await import("onnxruntime-node");
    const optimizedModelFilePath = at(`${graphOptimizationLevel}.onnx`);
    await InferenceSession.create(tiny, { graphOptimizationLevel, optimizedModelFilePath, logSeverityLevel: 3 });
    const made = await quantizeModel(optimizedModelFilePath, at(`${graphOptimizationLevel}.int8.onnx`), { threads });
    const rearranged = "a convolution that ONNX Runtime has rearranged for one kind of CPU";
    const kept = made.keptLayers.map(({ reason }) => reason);
    expect(made.int8Layers + kept.length).toBe(14);
    // Only some CPUs have a layout of their own.
    expect(kept.every((reason) => reason === rearranged)).toBe(true);
    expect(made.cosine?.min).toBeGreaterThan(0.999);
  });
});

describe("an 8-bit model", () => {
  it("says what it was made from, and is the same for the same source", async () => {
    const made = await quantizeModel(tiny, at("told.onnx"), { threads });
    await using model = await OnnxModel.open(at("told.onnx"));
    expect(model.producer).toBe("unreel");
    expect(Object.fromEntries(model.metadata)).toMatchObject({
      "unreel.quantization": "int8-rows-1",
      "unreel.quantized_from": made.source.sha256,
      "unreel.architecture": "tiny",
    });
    expect(made.bytes).toBe(statSync(at("told.onnx")).size);
    expect(made.bytes * 2.5).toBeLessThan(made.source.bytes);
    expect(made.cosine).toMatchObject({ pictures: 16, over: "16 synthetic pictures", skipped: [] });
    expect((await quantizeModel(tiny, at("told.onnx"), { compare: false })).sha256).toBe(made.sha256);
  });

  it.each([1, 2])("gives a picture the same bytes alone and in any batch, with %d threads", async (count) => {
    await quantizeModel(tiny, at(`alone-${count}.onnx`), { compare: false });
    await using encoder = await loadEncoder(at(`alone-${count}.onnx`), { threads: count });
    const bytes = 224 * 224 * 3;
    const crops = Uint8Array.from({ length: 5 * bytes }, (_, i) => ((i % bytes) * (Math.floor(i / bytes) + 3)) >> 4);
    const together = await encoder.encode(crops);
    // The engine may run pictures one at a time; onnxruntime-node does not.
    const outside = await runOutside(at(`alone-${count}.onnx`), crops);
    for (let i = 0; i < 5; i++) {
      const crop = crops.subarray(i * bytes, (i + 1) * bytes);
      expect(await encoder.encode(crop)).toEqual(together.subarray(i * 48, (i + 1) * 48));
      expect(await runOutside(at(`alone-${count}.onnx`), crop)).toEqual(outside.subarray(i * 48, (i + 1) * 48));
    }
  });

  it("keeps the layers as they are without which it would be too far", async () => {
    const whole = await quantizeModel(tiny, at("whole.onnx"), { threads });
    const minCosine = 1 - (1 - (whole.cosine?.min ?? 0)) * 0.9;
    const made = await quantizeModel(tiny, at("some.onnx"), { threads, minCosine });
    expect(made.cosine?.min).toBeGreaterThanOrEqual(minCosine);
    expect(made.int8Layers + made.keptLayers.length).toBe(whole.int8Layers);
    expect(made.keptLayers[0]?.reason).toBe("without it the embeddings would be too far");
  });
});

describe("frames of one's own", () => {
  it("are videos, images and .npy files, bad ones told and left out", async () => {
    const frames = at("frames");
    mkdirSync(frames);
    await writeClip(join(frames, "a.mp4"), 12);
    writeFileSync(join(frames, "b.npy"), npyFile([2, 40, 50, 3]));
    writeFileSync(join(frames, "c.txt"), "no picture");
    writeFileSync(join(frames, "d.npy"), npyFile([4, 4]));
    const made = await quantizeModel(tiny, at("frames.onnx"), { threads, frames });
    expect(made.cosine).toMatchObject({ pictures: 14, over: `pictures of 2 files in ${frames}` });
    expect(made.cosine?.skipped.map(({ file, code }) => [file, code])).toEqual([
      ["c.txt", "ERR_UNREEL_NOT_MEDIA"],
      ["d.npy", "ERR_UNREEL_NO_FRAMES"],
    ]);
  });

  it("are refused where there are none", async () => {
    mkdirSync(at("empty"));
    mkdirSync(at("texts"));
    writeFileSync(join(at("texts"), "c.txt"), "no picture");
    for (const [frames, code] of [
      ["missing", "ERR_UNREEL_NOT_FOUND"],
      ["empty", "ERR_UNREEL_NOT_FOUND"],
      ["texts", "ERR_UNREEL_NO_FRAMES"],
    ] as const) {
      await expect(quantizeModel(tiny, at("none.onnx"), { threads, frames: at(frames) })).rejects.toMatchObject({
        code,
      });
    }
  });
});

describe("quantizeModel leaves no file and says why", () => {
  const refused = async (source: string, options: Parameters<typeof quantizeModel>[2], expected: object) => {
    const home = at(`refused-${readdirSync(folder).length}`);
    mkdirSync(home);
    await expect(quantizeModel(source, join(home, "out.onnx"), options)).rejects.toMatchObject(expected);
    expect(readdirSync(home)).toEqual([]);
  };

  it("where the embeddings are too far whatever is kept", () =>
    refused(
      tiny,
      { threads, minCosine: 0.9999999 },
      { code: "ERR_UNREEL_MODEL_INACCURATE", details: { minCosine: 0.9999999 } },
    ));

  it("where it is aborted", async () => {
    for (const stage of ["weights", "writing", "comparing"]) {
      const controller = new AbortController();
      const onProgress = (step: { stage: string }) => step.stage === stage && controller.abort();
      await refused(tiny, { threads, signal: controller.signal, onProgress }, { code: "ERR_UNREEL_ABORTED" });
    }
  });

  it("where there is no model, or a damaged one", async () => {
    await refused(at("no.onnx"), {}, { code: "ERR_UNREEL_MODEL_NOT_FOUND" });
    writeFileSync(at("cut.onnx"), readFileSync(tiny).subarray(0, 100_000));
    await refused(at("cut.onnx"), {}, { code: "ERR_UNREEL_MODEL_INVALID" });
  });

  it("where nothing can be quantised, or the operators are too old", async () => {
    await edited("old.onnx", ({ opsets }) => opsets.set("", 9));
    await refused(at("old.onnx"), {}, { code: "ERR_UNREEL_MODEL_CONTRACT" });
    await edited("bare.onnx", ({ graph }) => {
      graph.nodes = graph.nodes.filter((node) => !node.is("Gemm") && !node.is("Conv"));
    });
    await refused(at("bare.onnx"), {}, { code: "ERR_UNREEL_MODEL_CONTRACT" });
  });

  it("where the target is the source, or somebody else's", async () => {
    await expect(quantizeModel(tiny, tiny)).rejects.toMatchObject({ code: "ERR_UNREEL_INVALID_ARGUMENT" });
    writeFileSync(at("theirs.onnx"), "somebody's weights");
    const failed = quantizeModel(tiny, at("theirs.onnx"));
    await expect(failed).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
  });

  it.each([-2, 1.5, Number.NaN])("where minCosine is %d", (minCosine) =>
    refused(tiny, { minCosine }, { name: "RangeError", code: "ERR_UNREEL_INVALID_ARGUMENT" }),
  );

  it("and keeps a layer whose weights are not finite as it is", async () => {
    await edited("infinite.onnx", ({ graph }) => {
      graph.add(OnnxTensor.floats("visual_projection.weight", [48, 48], new Float32Array(48 * 48).fill(Number.NaN)));
    });
    const made = await quantizeModel(at("infinite.onnx"), at("infinite.int8.onnx"), { compare: false });
    expect(made.keptLayers).toEqual([{ name: "image_embeds", operator: "Gemm", reason: "a weight is not finite" }]);
    expect(made.cosine).toBeUndefined();
  });
});

async function edited(name: string, edit: (model: OnnxModel) => void): Promise<void> {
  await using model = await OnnxModel.open(tiny);
  edit(model);
  await writeModel(at(name), model);
}

/** Pictures in one batch through onnxruntime-node, as JavaScript would run it without unreel. */
async function runOutside(path: string, crops: Uint8Array): Promise<Float32Array> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const [mean, std] = [
    [0.48145466, 0.4578275, 0.40821073],
    [0.26862954, 0.26130258, 0.27577711],
  ] as const;
  const plane = 224 * 224;
  const pixels = new Float32Array(crops.length);
  crops.forEach((value, i) => {
    const [picture, pixel, channel] = [Math.floor(i / 3 / plane), Math.floor(i / 3) % plane, i % 3];
    const at = (picture * 3 + channel) * plane + pixel;
    pixels[at] = (value / 255 - (mean[channel] ?? 0)) / (std[channel] ?? 1);
  });
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
  const input = new Tensor("float32", pixels, [crops.length / 3 / plane, 3, 224, 224]);
  const outputs = await session.run({ pixel_values: input }, ["image_embeds"]);
  return outputs.image_embeds?.data as Float32Array;
}

function npyData(path: string): Buffer {
  const file = readFileSync(path);
  return file.subarray(10 + file.readUInt16LE(8));
}

/** Pictures in some pattern, as numpy writes them. */
function npyFile(shape: readonly number[]): Buffer {
  const count = shape.reduce((a, b) => a * b, 1);
  return npyBytes(
    Uint8Array.from({ length: count }, (_, i) => (i * 37) & 255),
    shape,
  );
}
