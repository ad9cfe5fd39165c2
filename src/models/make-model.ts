import { UnreelError, UnreelRangeError } from "../errors.js";
import { checkInteger, pathOf } from "../validate.js";
import { architectures, type ModelName, modelNames } from "./architectures.js";
import { type ModelContent, model } from "./onnx-writer.js";
import { residualGraph } from "./residual.js";
import { visionTransformer } from "./vision-transformer.js";
import { producer, type WriteProgress, writeModel } from "./write-model.js";

/** Options of {@link makeModel}. */
export interface MakeModelOptions {
  /** 0 to 4,294,967,295; default 1. The same name and seed give the same bytes on every machine; residual has none. */
  readonly seed?: number;
  /** The weights in a file of their own beside the model, `FILE.data`; so it is anyway where one file would pass 1.9 GB. */
  readonly externalData?: boolean;
  /** Called after each part written. */
  readonly onProgress?: (progress: WriteProgress) => void;
  /** Ends the work; then no file is left. */
  readonly signal?: AbortSignal;
}

/** What {@link makeModel} wrote. */
export interface MadeModel {
  readonly name: ModelName;
  /** Where the weights are drawn. */
  readonly seed?: number;
  /** Of all files. */
  readonly bytes: number;
  /** Of the file, hexadecimal; with weights in a file of their own it covers both, as {@link EncoderPart.sha256} says. */
  readonly sha256: string;
  /** Names of the files: the model, and the one beside it where there is one. */
  readonly files: readonly string[];
  /** Whether the weights are random numbers from `seed`, never pretrained; false for a fixed formula. */
  readonly seeded: boolean;
}

/**
 * Writes an image encoder as an ONNX file: `residual`, a fixed formula of noise residuals that needs no training, or a
 * CLIP of the true architecture with seeded weights, for tests, speed and demos. The latter knows nothing of pictures
 * and is not a pretrained CLIP; the file's metadata say `unreel.seeded = true`.
 *
 * CLIPs: input `pixel_values` [batch, 3, 224, 224], output `image_embeds` [batch, projection], float32, opset 17.
 * `residual`: input `luma_tiles` [batch, 25, 64, 64], uint8, output `image_embeds` [batch, 234]. The file is
 * streamed with a few MB of memory, takes its name when it is whole, and replaces an earlier model of unreel only.
 *
 * @param name - One of {@link modelNames}: `residual` (1.4 MB), `tiny` (0.9 MB), `vit-b-32` (351 MB), `vit-b-16` (345 MB) or `vit-l-14`
 * (1.2 GB).
 * @param file - Path of the file to write; its folder exists.
 * @throws UnreelError `ERR_UNREEL_MODEL_NOT_FOUND` for an unknown name; `ERR_UNREEL_OUTPUT_NOT_WRITABLE`;
 * `ERR_UNREEL_OUTPUT_EXISTS` where a folder or a file of somebody else's is in the way; `ERR_UNREEL_ABORTED`;
 * `ERR_UNREEL_IO` (a full disk, for instance).
 *
 * @example
 * ```ts
 * import { makeModel } from "unreel";
 *
 * const made = await makeModel("tiny", "tiny.onnx", { seed: 1 });
 * console.log(made.sha256);
 * ```
 */
export async function makeModel(name: string, file: string, options: MakeModelOptions = {}): Promise<MadeModel> {
  const known = modelNames.find((each) => each === name);
  if (known === undefined) {
    const names = modelNames.join(", ");
    throw new UnreelError("ERR_UNREEL_MODEL_NOT_FOUND", `There is no architecture named ${name}; there are ${names}`, {
      name,
      known: modelNames,
    });
  }
  const seed = checkSeed(options.seed ?? 1);
  const path = pathOf(file, "file");
  if (known === "residual")
    return { name: known, ...(await writeModel(path, residualModel(), options)), seeded: false };
  return { name: known, seed, ...(await writeModel(path, seededModel(known, seed), options)), seeded: true };
}

function checkSeed(value: number): number {
  const seed = checkInteger(value, 0, "options.seed");
  if (seed > 0xffffffff) throw new UnreelRangeError(`options.seed must be at most 4294967295, not ${seed}`);
  return seed;
}

function residualModel(): ModelContent {
  return model(residualGraph(), {
    producer,
    description: "Noise residuals of luma tiles: shares of quantised neighbours, as in SPAM and SRM. A fixed formula.",
    opset: 17,
    metadata: { "unreel.preprocessing": "luma-tiles" },
  });
}

/** The model's content, not written yet. */
export function seededModel(name: keyof typeof architectures, seed: number): ModelContent {
  return model(visionTransformer(architectures[name], seed), {
    producer,
    description: "CLIP image encoder with seeded random weights, for tests, speed and demos. Never trained.",
    opset: 17,
    metadata: { "unreel.seeded": "true", "unreel.seed": String(seed), "unreel.architecture": name },
  });
}
