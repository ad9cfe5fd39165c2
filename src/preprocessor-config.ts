import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UnreelError } from "./errors.js";
import type { PreprocessingOptions } from "./preprocessing.js";

const fileName = "preprocessor_config.json";

/** What a `preprocessor_config.json` says of an encoder's pictures. */
export interface PreprocessorConfig {
  readonly path: string;
  readonly preprocessing: Required<PreprocessingOptions>;
}

type Fields = Readonly<Record<string, unknown>>;

/** A `do_…` switch that asks for nothing beyond what the other fields say. */
const knownSwitches = new Set(["do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_convert_rgb"]);

/**
 * Reads the `preprocessor_config.json` of a model, as Hugging Face's image processors write it: beside the model file,
 * or one folder up where the model lies in a folder `onnx`, as on model hubs. Undefined where there is none.
 *
 * Obeyed are resizing to a square with bicubic filtering, the centre crop to the same size, rescaling by 1/255,
 * normalisation, in the variants `hf` (crop), `hf-tensor` (crop, by a processor named `…Fast`) and `squash` (both sides
 * to the size, no crop). Source of the fields: transformers' CLIPImageProcessor.
 *
 * @throws UnreelError `ERR_UNREEL_PREPROCESSING_UNSUPPORTED` that names the field for anything else
 */
export async function readPreprocessorConfig(modelFile: string): Promise<PreprocessorConfig | undefined> {
  const folder = dirname(modelFile);
  const folders = basename(folder) === "onnx" ? [folder, dirname(folder)] : [folder];
  for (const each of folders) {
    const path = join(each, fileName);
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw unsupported(path, "the file", "one that may be read", error.code ?? error.message);
    });
    if (text !== undefined) return { path, preprocessing: preprocessingOf(parse(text, path), path) };
  }
  return undefined;
}

function parse(text: string, path: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  } catch {
    // Said below, as for other values that are no object.
  }
  throw unsupported(path, "the file", "a JSON object", text.slice(0, 40));
}

function preprocessingOf(fields: Fields, path: string): Required<PreprocessingOptions> {
  const refuse = (field: string, expected: string): never => {
    throw unsupported(path, field, expected, fields[field]);
  };
  for (const [field, value] of Object.entries(fields)) {
    if (field.startsWith("do_") && !knownSwitches.has(field) && value === true) refuse(field, "false or absent");
  }
  if (fields.do_resize === false) refuse("do_resize", "true");
  if (fields.do_rescale === false) refuse("do_rescale", "true");
  if (![undefined, 3, "bicubic"].includes(fields.resample as number)) refuse("resample", "3 (bicubic)");
  const factor = fields.rescale_factor ?? 1 / 255;
  if (typeof factor !== "number" || Math.abs(factor * 255 - 1) > 1e-6) refuse("rescale_factor", "1/255");
  return { ...shapeOf(fields, refuse), ...normalisationOf(fields, refuse) };
}

/** How a picture becomes a square. */
function shapeOf(
  fields: Fields,
  refuse: (field: string, expected: string) => never,
): { variant: Required<PreprocessingOptions>["variant"]; size: number } {
  const shortest = sideOf((fields.size as Fields | undefined)?.shortest_edge ?? fields.size);
  const both = squareOf(fields.size);
  if (fields.do_center_crop === false) {
    if (both === undefined) return refuse("size", "a square {height, width} where do_center_crop is false");
    return { variant: "squash", size: both };
  }
  if (shortest === undefined) return refuse("size", "{shortest_edge: n} or a number");
  const crop = fields.crop_size === undefined ? shortest : (squareOf(fields.crop_size) ?? sideOf(fields.crop_size));
  if (crop !== shortest) return refuse("crop_size", `a square of the size that is resized to, ${shortest}`);
  const name = String(fields.image_processor_type ?? fields.feature_extractor_type ?? "");
  return { variant: name.endsWith("Fast") ? "hf-tensor" : "hf", size: shortest };
}

function normalisationOf(
  fields: Fields,
  refuse: (field: string, expected: string) => never,
): { mean: readonly number[]; std: readonly number[] } {
  if (fields.do_normalize === false) return { mean: [0, 0, 0], std: [1, 1, 1] };
  const mean = threeNumbers(fields.image_mean) ?? refuse("image_mean", "three numbers");
  const std = threeNumbers(fields.image_std) ?? refuse("image_std", "three numbers above 0");
  if (std.some((value) => value <= 0)) refuse("image_std", "three numbers above 0");
  return { mean, std };
}

function sideOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 1 ? Number(value) : undefined;
}

function squareOf(value: unknown): number | undefined {
  const { height, width } = (value ?? {}) as Fields;
  return height === width ? sideOf(height) : undefined;
}

function threeNumbers(value: unknown): readonly number[] | undefined {
  return Array.isArray(value) && value.length === 3 && value.every((each) => Number.isFinite(each)) ? value : undefined;
}

function unsupported(path: string, field: string, expected: string, found: unknown): UnreelError {
  const shown = found === undefined ? "nothing" : (JSON.stringify(found) ?? String(found)).slice(0, 120);
  return new UnreelError(
    "ERR_UNREEL_PREPROCESSING_UNSUPPORTED",
    `${path}: ${field} cannot be obeyed. Expected: ${expected}. Found: ${shown}. Say yourself what the pictures go ` +
      "through (loadEncoder's option preprocessing, with variant, mean and std), or put the model into a folder without " +
      "this file.",
    { path, field, expected, found: shown },
  );
}
