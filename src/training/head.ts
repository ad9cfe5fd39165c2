import { UnreelError } from "../errors.js";
import { writeModel } from "../models/write-model.js";
import type { NativeHead, NativeHeadData } from "../native/binding.js";
import { awaitNative, nativeBinding } from "../native/load.js";
import { readSafetensors, writeSafetensors } from "../safetensors.js";
import { checkInteger, checkTyped, pathOf } from "../validate.js";
import { headModel } from "./head-graph.js";
import { type HeadLayer, layersOf, tensorsOf } from "./head-layers.js";

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
