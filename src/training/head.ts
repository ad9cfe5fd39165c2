import { UnreelError } from "../errors.js";
import { writeModel } from "../models/write-model.js";
import type { NativeHead, NativeHeadData } from "../native/binding.js";
import { awaitNative, nativeBinding } from "../native/load.js";
import { readSafetensors, type Tensor, writeSafetensors } from "../safetensors.js";
import { checkInteger, checkTyped, pathOf } from "../validate.js";
import { headModel } from "./head-graph.js";

/** y = W x + b. */
export interface HeadLayer {
  readonly in: number;
  readonly out: number;
  /** out x in, C order. */
  readonly weight: Float32Array;
  /** out numbers. */
  readonly bias: Float32Array;
}

/** Facts about a head that stand in its file. */
export type HeadMetadata = Readonly<Record<string, string>>;

/**
 * A projection of embeddings to unit vectors: u = W x + b (`linear`), or W2 relu(W1 x + b1) + b2 (`mlp`), and z = u / |u|.
 *
 * @example
 * ```ts
 * import { ProjectionHead } from "unreel";
 *
 * const head = await ProjectionHead.load("detector/head.safetensors");
 * const z = await head.project(new Float32Array(head.inputDimension).fill(1), { rows: 1 });
 * console.log(head.kind, z.length === head.dimension);
 * ```
 */
export class ProjectionHead {
  /** One of a linear head, two of an MLP with ReLU between them. */
  readonly layers: readonly HeadLayer[];
  /** What its file says of its training; empty where nothing is known. */
  readonly metadata: HeadMetadata;
  readonly #native: NativeHead;

  /** @internal use {@link trainHead} or {@link ProjectionHead.load} */
  constructor(data: NativeHeadData, metadata: HeadMetadata = {}) {
    this.layers = data.layers;
    this.metadata = metadata;
    this.#native = nativeBinding().createHead(data);
  }

  get kind(): "linear" | "mlp" {
    return this.layers.length === 1 ? "linear" : "mlp";
  }

  /** Length of an embedding. */
  get inputDimension(): number {
    return this.layers[0]?.in ?? 0;
  }

  /** Length of a projection. */
  get dimension(): number {
    return this.layers.at(-1)?.out ?? 0;
  }

  /**
   * Projects rows of embeddings to unit vectors.
   *
   * @param x rows x inputDimension, C order
   * @returns rows x dimension
   * @throws UnreelError `ERR_UNREEL_NOT_FINITE`
   */
  project(x: Float32Array, options: { readonly rows: number }): Promise<Float32Array> {
    const rows = checkInteger(options.rows, 0, "options.rows");
    checkTyped(x, Float32Array, rows * this.inputDimension, "x");
    return awaitNative(() => this.#native.project(x, rows));
  }

  /**
   * Writes the head as safetensors: `weight` [dimension, inputDimension] and `bias` [dimension]; an MLP has
   * `hidden.weight` [hidden, inputDimension] and `hidden.bias` [hidden] before them.
   */
  save(file: string): Promise<void> {
    const metadata = { format: "unreel.head", kind: this.kind, ...this.metadata };
    return writeSafetensors(pathOf(file, "file"), { tensors: tensorsOf(this.layers), metadata });
  }

  /**
   * Writes the head as an ONNX model of opset 17: input `image_embeds` [batch, inputDimension], as CLIP exports name their
   * output, and output `projections` [batch, dimension], float32. Joined behind an encoder it makes one graph of both.
   *
   * @throws UnreelError `ERR_UNREEL_OUTPUT_NOT_WRITABLE`, `ERR_UNREEL_OUTPUT_EXISTS` where the file is not unreel's
   */
  async exportOnnx(file: string): Promise<void> {
    await writeModel(pathOf(file, "file"), headModel(this.layers));
  }

  /**
   * Reads a head that {@link ProjectionHead.save} wrote.
   *
   * @throws UnreelError `ERR_UNREEL_HEAD_INVALID`
   */
  static load(file: string): Promise<ProjectionHead> {
    return readHead(pathOf(file, "file"));
  }
}

/** The tensors of a head's file, under names that begin with `prefix`. */
export function tensorsOf(layers: readonly HeadLayer[], prefix = ""): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  layers.forEach(({ in: width, out, weight, bias }, at) => {
    const name = `${prefix}${at + 1 < layers.length ? "hidden." : ""}`;
    tensors.set(`${name}weight`, { shape: [out, width], data: weight });
    tensors.set(`${name}bias`, { shape: [out], data: bias });
  });
  return tensors;
}

/** The layers that {@link tensorsOf} gave the tensors of. Throws a plain Error that says what is wrong. */
export function layersOf(tensors: ReadonlyMap<string, Tensor>, prefix = ""): HeadLayer[] {
  const last = layerOf(tensors, prefix);
  if (!tensors.has(`${prefix}hidden.weight`) && !tensors.has(`${prefix}hidden.bias`)) return [last];
  const hidden = layerOf(tensors, `${prefix}hidden.`);
  if (hidden.out !== last.in) {
    throw new Error(`hidden.weight gives ${hidden.out} numbers and weight takes ${last.in}`);
  }
  return [hidden, last];
}

function layerOf(tensors: ReadonlyMap<string, Tensor>, prefix: string): HeadLayer {
  const weight = tensors.get(`${prefix}weight`);
  const bias = tensors.get(`${prefix}bias`);
  if (weight === undefined || bias === undefined)
    throw new Error(`it lacks the tensors ${prefix}weight and ${prefix}bias`);
  const [out = 0, width = 0, ...more] = weight.shape;
  if (more.length > 0 || out < 1 || width < 1 || bias.data.length !== out) {
    throw new Error(`${prefix}weight has shape [${weight.shape}] and ${prefix}bias [${bias.shape}]`);
  }
  if (!(weight.data instanceof Float32Array) || !(bias.data instanceof Float32Array)) {
    throw new Error(`${prefix}weight or ${prefix}bias is not of float32`);
  }
  if (![...weight.data, ...bias.data].every(Number.isFinite)) throw new Error("it holds NaN or infinite numbers");
  return { in: width, out, weight: weight.data, bias: bias.data };
}

async function readHead(path: string): Promise<ProjectionHead> {
  try {
    const { tensors, metadata } = await readSafetensors(path);
    const { format: _, kind: __, ...facts } = metadata;
    return new ProjectionHead({ layers: layersOf(tensors) }, facts);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UnreelError(
      "ERR_UNREEL_HEAD_INVALID",
      `${path} is no projection head: ${why}. Train it again.`,
      { path },
      error,
    );
  }
}
