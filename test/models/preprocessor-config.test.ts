// preprocessor_config.json beside a model: obeyed, or refused by the field's name.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadEncoder } from "../../src/encoder-loading.js";
import { makeModel } from "../../src/models/index.js";
import { readPreprocessorConfig } from "../../src/preprocessor-config.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("preprocessor-config");

/** As transformers writes it for CLIP, but for the numbers. */
const clip = {
  crop_size: { height: 224, width: 224 },
  do_center_crop: true,
  do_convert_rgb: true,
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.5, 0.25, 0.125],
  image_processor_type: "CLIPImageProcessor",
  image_std: [0.5, 1, 2],
  resample: 3,
  rescale_factor: 1 / 255,
  size: { shortest_edge: 224 },
};

let number = 0;

/** A folder with this configuration; gives the path of a model in it, which need not be there. */
function modelBeside(config: object | string, below = ""): string {
  const home = join(folder, String(number++));
  mkdirSync(join(home, below), { recursive: true });
  writeFileSync(join(home, "preprocessor_config.json"), typeof config === "string" ? config : JSON.stringify(config));
  return join(home, below, "model.onnx");
}

describe("what is obeyed", () => {
  const numbers = { mean: clip.image_mean, std: clip.image_std };
  test.each([
    ["CLIP's processor", clip, { variant: "hf", size: 224, ...numbers }],
    ["its older form", { ...clip, size: 336, crop_size: 336 }, { variant: "hf", size: 336, ...numbers }],
    ["without a crop size", { ...clip, crop_size: undefined }, { variant: "hf", size: 224, ...numbers }],
    [
      "the one on tensors",
      { ...clip, image_processor_type: "CLIPImageProcessorFast" },
      { variant: "hf-tensor", size: 224, ...numbers },
    ],
    [
      "both sides to the size",
      { ...clip, do_center_crop: false, size: { height: 256, width: 256 } },
      { variant: "squash", size: 256, ...numbers },
    ],
    [
      "no normalisation",
      { ...clip, do_normalize: false },
      { variant: "hf", size: 224, mean: [0, 0, 0], std: [1, 1, 1] },
    ],
  ])("%s", async (_, config, expected) => {
    expect((await readPreprocessorConfig(modelBeside(config)))?.preprocessing).toEqual(expected);
  });

  test("one folder up, where the model lies in a folder onnx; not otherwise", async () => {
    expect((await readPreprocessorConfig(modelBeside(clip, "onnx")))?.preprocessing.variant).toBe("hf");
    expect(await readPreprocessorConfig(modelBeside(clip, "other"))).toBeUndefined();
  });
});

describe("what is refused, by the field's name", () => {
  test.each([
    ["do_resize", { do_resize: false }],
    ["do_rescale", { do_rescale: false }],
    ["do_pad", { do_pad: true }],
    ["resample", { resample: 2 }],
    ["rescale_factor", { rescale_factor: 1 / 127.5 }],
    ["size", { size: { longest_edge: 224 } }],
    ["size", { size: { height: 224, width: 336 }, do_center_crop: false }],
    ["crop_size", { size: { shortest_edge: 256 } }],
    ["crop_size", { crop_size: { height: 224, width: 200 } }],
    ["image_mean", { image_mean: [0.5] }],
    ["image_mean", { image_mean: undefined }],
    ["image_std", { image_std: [1, 0, 1] }],
  ])("%s: %o", async (field, change) => {
    const model = modelBeside({ ...clip, ...change });
    await expect(readPreprocessorConfig(model)).rejects.toMatchObject({
      code: "ERR_UNREEL_PREPROCESSING_UNSUPPORTED",
      details: { field },
    });
  });

  test.each([
    ["no JSON", "{"],
    ["no object", "[1]"],
  ])("%s", async (_, text) => {
    await expect(readPreprocessorConfig(modelBeside(text))).rejects.toMatchObject({
      code: "ERR_UNREEL_PREPROCESSING_UNSUPPORTED",
      details: { field: "the file" },
    });
  });
});

describe("loadEncoder", () => {
  const tiny = join(folder, "tiny.onnx");
  beforeAll(() => makeModel("tiny", tiny));

  function tinyBeside(config: object): string {
    const model = modelBeside(config);
    copyFileSync(tiny, model);
    return model;
  }

  test("takes what the file beside the model says, and the fingerprint names it", async () => {
    await using encoder = await loadEncoder(tinyBeside(clip));
    expect(encoder.info.parts[0]).toMatchObject({ preprocessing: "hf", mean: clip.image_mean, std: clip.image_std });
    expect(encoder.fingerprint(1)).not.toEqual((await fingerprintWithout()) as object);
  });

  async function fingerprintWithout() {
    await using encoder = await loadEncoder(tiny);
    expect(encoder.info.parts[0]?.preprocessing).toBe("clip");
    return encoder.fingerprint(1);
  }

  test("the caller goes before it, and need not obey one that asks for too much", async () => {
    const model = tinyBeside({ ...clip, do_pad: true });
    const preprocessing = { variant: "clip", mean: [0, 0, 0], std: [1, 1, 1] } as const;
    await using encoder = await loadEncoder(model, { preprocessing });
    expect(encoder.info.parts[0]).toMatchObject({ preprocessing: "clip", mean: [0, 0, 0] });
    await expect(loadEncoder(model)).rejects.toMatchObject({ code: "ERR_UNREEL_PREPROCESSING_UNSUPPORTED" });
  });

  test("a size that the model does not have is refused, with the place that asks for it", async () => {
    const model = tinyBeside({ ...clip, size: { shortest_edge: 336 }, crop_size: 336 });
    await expect(loadEncoder(model)).rejects.toMatchObject({
      code: "ERR_UNREEL_MODEL_CONTRACT",
      message: expect.stringMatching(/336 x 336, as .*preprocessor_config\.json says/),
    });
  });

  test("wrong options are thrown at once", () => {
    const load = (preprocessing: object) => () => loadEncoder(tiny, { preprocessing });
    expect(load({ variant: "fisheye" })).toThrow(TypeError);
    expect(load({ size: 0 })).toThrow(RangeError);
    expect(load({ mean: [0, 0, 0] })).toThrow(TypeError);
    expect(load({ mean: [0, 0, 0], std: [1, 1] })).toThrow(TypeError);
    expect(load({ mean: [0, 0, 0], std: [1, 0, 1] })).toThrow(RangeError);
  });
});
