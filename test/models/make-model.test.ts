import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeModel, modelNames } from "../../src/models/index.js";
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
