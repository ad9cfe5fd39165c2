import type { Tensor } from "../safetensors.js";

/** y = W x + b. */
export interface HeadLayer {
  readonly in: number;
  readonly out: number;
  /** out x in, C order. */
  readonly weight: Float32Array;
  /** out numbers. */
  readonly bias: Float32Array;
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
