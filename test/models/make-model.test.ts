import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadEncoder } from "../../src/encoder-loading.js";
import { architectures } from "../../src/models/architectures.js";
import { makeModel, modelNames } from "../../src/models/index.js";
import { seededModel } from "../../src/models/make-model.js";
import { ExternalDataFile, OnnxModel } from "../../src/models/onnx/index.js";
import { model } from "../../src/models/onnx-writer.js";
import { gather } from "../../src/models/protobuf.js";
import { visionTransformer } from "../../src/models/vision-transformer.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unreel-models-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sha256 = async (path: string) =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex");

describe("makeModel", () => {
  // Pinned: features and detectors carry the encoder's SHA-256, so a change of these bytes orphans them.
  it("writes the same bytes for a seed on every machine", async () => {
    const path = join(folder, "pinned.onnx");
    const made = await makeModel("tiny", path, { seed: 1 });
    expect(made).toEqual({
      name: "tiny",
      seed: 1,
      bytes: 850_732,
      sha256: "c0109de72eac902a0465af3ea7f70e893acb690f30379ddb2b7395721d0cd198",
      files: ["pinned.onnx"],
      seeded: true,
    });
    expect(await sha256(path)).toBe(made.sha256);
  });

  it("gives other weights for another seed, and defaults to seed 1", async () => {
    const [first, second, byDefault] = [
      await makeModel("tiny", join(folder, "one.onnx"), { seed: 1 }),
      await makeModel("tiny", join(folder, "two.onnx"), { seed: 2 }),
      await makeModel("tiny", join(folder, "default.onnx")),
    ];
    expect(second.sha256).not.toBe(first.sha256);
    expect(byDefault.sha256).toBe(first.sha256);
  });

  it("says in the file that its weights are seeded, and replaces an earlier model of its own", async () => {
    const path = join(folder, "again.onnx");
    await makeModel("tiny", path, { seed: 1 });
    const made = await makeModel("tiny", path, { seed: 2 });
    const content = await readFile(path, "latin1");
    expect(content).toContain("unreel.seeded");
    expect(content).toContain("Never trained.");
    expect(await sha256(path)).toBe(made.sha256);
  });

  it("tells its progress up to the whole size", async () => {
    const steps: number[] = [];
    const made = await makeModel("tiny", join(folder, "progress.onnx"), {
      onProgress: ({ writtenBytes, totalBytes }) => {
        expect(totalBytes).toBe(850_732);
        steps.push(writtenBytes);
      },
    });
    expect(steps.length).toBeGreaterThan(1);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.at(-1)).toBe(made.bytes);
  });
});

describe("the architectures", () => {
  // Weights of OpenAI's image encoders with their projections, as open_clip's model_profile counts them.
  it.each([
    ["vit-b-32", 87_849_216],
    ["vit-b-16", 86_192_640],
    ["vit-l-14", 303_966_208],
  ] as const)("%s has %d weights", async (name, weights) => {
    const path = join(folder, `${name}.onnx`);
    const data = new ExternalDataFile(`${name}.onnx.data`);
    const content = visionTransformer(architectures[name], 1);
    const whole = model(content, { producer: "unreel", description: "", opset: 17, metadata: {} }).encode(data);
    await writeFile(path, await gather(whole));
    // Of the right size and without blocks on the disk: the weights are not looked at.
    await writeFile(`${path}.data`, "");
    await truncate(`${path}.data`, data.size);
    await using read = await OnnxModel.open(path);
    const tensors = [...read.graph.initializers.values()].filter(({ isFloat, dims }) => isFloat && dims.length > 0);
    expect(tensors.reduce((sum, tensor) => sum + tensor.elements, 0)).toBe(weights);
  });

  it("vit-b-16 has the same bytes on every machine", async () => {
    const hash = createHash("sha256");
    for await (const part of seededModel("vit-b-16", 1).chunks()) hash.update(part);
    expect(hash.digest("hex")).toBe("4af77b844a39f836a4044cac8a358d25377ead47bc1054db5c1b8922bfada19f");
  });
});

describe("weights in a file of their own", () => {
  it("give the embedding of the single file, and one hash for both files", async () => {
    const path = join(folder, "split.onnx");
    const made = await makeModel("tiny", path, { externalData: true });
    expect(made.files).toEqual(["split.onnx", "split.onnx.data"]);
    const sizes = await Promise.all(made.files.map(async (name) => (await stat(join(folder, name))).size));
    expect(sizes.reduce((a, b) => a + b)).toBe(made.bytes);
    await makeModel("tiny", join(folder, "single.onnx"));
    const crop = Uint8Array.from({ length: 224 * 224 * 3 }, (_, i) => (i * 13) & 255);
    await using split = await loadEncoder(path, { threads: 1 });
    await using single = await loadEncoder(join(folder, "single.onnx"), { threads: 1 });
    expect(split.info.parts[0]?.sha256).toBe(made.sha256);
    expect(await split.encode(crop)).toEqual(await single.encode(crop));
  });
});

describe("makeModel refuses", () => {
  it("an unknown name, and says which are known", async () => {
    const failed = makeModel("vit-z", join(folder, "unknown.onnx"));
    await expect(failed).rejects.toMatchObject({ code: "ERR_UNREEL_MODEL_NOT_FOUND", details: { known: modelNames } });
    await expect(failed).rejects.toThrow("tiny, vit-b-32");
  });

  it("a folder that is not there", async () => {
    const failed = makeModel("tiny", join(folder, "no", "such", "tiny.onnx"));
    await expect(failed).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_NOT_WRITABLE" });
  });

  it("a read-only folder, /sys, where not even root may create a file", async () => {
    const failed = makeModel("tiny", "/sys/tiny.onnx");
    await expect(failed).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_NOT_WRITABLE" });
  });

  it("to replace a folder or a file that it did not make", async () => {
    const foreign = join(folder, "vision_model.onnx");
    await writeFile(foreign, "weights of somebody else");
    for (const path of [foreign, folder]) {
      await expect(makeModel("tiny", path)).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
    }
    expect(await readFile(foreign, "utf8")).toBe("weights of somebody else");
  });

  it.each([-1, 1.5, 2 ** 32, Number.NaN])("the seed %d", async (seed) => {
    const failed = makeModel("tiny", join(folder, "seed.onnx"), { seed });
    await expect(failed).rejects.toMatchObject({ name: "RangeError", code: "ERR_UNREEL_INVALID_ARGUMENT" });
  });

  it("to go on once its signal has fired, and leaves no file", async () => {
    const aborting = join(folder, "aborting");
    await mkdir(aborting);
    const controller = new AbortController();
    const failed = makeModel("tiny", join(aborting, "tiny.onnx"), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(failed).rejects.toMatchObject({ name: "AbortError", code: "ERR_UNREEL_ABORTED" });
    expect(await readdir(aborting)).toEqual([]);
  });
});

describe.skipIf(referencePython() === undefined)(`the onnx package (${withoutPython})`, () => {
  it("finds a valid model of opset 17 with Hugging Face's tensors", async () => {
    const path = join(folder, "checked.onnx");
    await makeModel("tiny", path, { seed: 3 });
    const model = JSON.parse(await runReference("onnx_facts.py", [path]));
    expect(model).toMatchObject({
      producer: "unreel",
      opsets: { "": 17 },
      metadata: { "unreel.seeded": "true", "unreel.seed": "3", "unreel.architecture": "tiny" },
      inputs: { pixel_values: ["FLOAT", "batch", 3, 224, 224] },
      outputs: { image_embeds: ["FLOAT", "batch", 48] },
    });
    expect(Object.keys(model.initializers)).toEqual(expect.arrayContaining(huggingFaceNames(2)));
    expect(model.initializers).toMatchObject({
      "vision_model.embeddings.class_embedding": [48],
      "vision_model.embeddings.patch_embedding.weight": [48, 3, 32, 32],
      "vision_model.embeddings.position_embedding.weight": [50, 48],
      "vision_model.encoder.layers.1.mlp.fc1.weight": [192, 48],
      "vision_model.encoder.layers.1.mlp.fc2.weight": [48, 192],
      "visual_projection.weight": [48, 48],
    });
    // Nearly normal with the deviations that transformers initialises CLIP with; each tensor its own stream.
    const { mean, deviation } = model.statistics["vision_model.embeddings.patch_embedding.weight"];
    expect(Math.abs(mean)).toBeLessThan(4 * (0.02 / Math.sqrt(48 * 3072)));
    expect(deviation / 0.02).toBeCloseTo(1, 1);
    expect(model.equalTensors).toEqual([]);
  });
});

/** The tensors of `CLIPVisionModelWithProjection.state_dict()`, without position_ids. */
function huggingFaceNames(layers: number): string[] {
  const pair = (name: string) => [`${name}.weight`, `${name}.bias`];
  const layer = (i: number) =>
    ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj"]
      .concat("layer_norm1", "layer_norm2", "mlp.fc1", "mlp.fc2")
      .flatMap((part) => pair(`vision_model.encoder.layers.${i}.${part}`));
  return [
    "vision_model.embeddings.class_embedding",
    "vision_model.embeddings.patch_embedding.weight",
    "vision_model.embeddings.position_embedding.weight",
    ...pair("vision_model.pre_layrnorm"),
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
    ...pair("vision_model.post_layernorm"),
    "visual_projection.weight",
  ];
}
