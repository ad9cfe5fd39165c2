import type { EncoderInfo } from "../../encoder.js";
import { loadEncoder } from "../../encoder-loading.js";
import { UnreelError } from "../../errors.js";
import { type PreprocessingOptions, preprocessingVariants } from "../../preprocessing.js";
import type { PictureSet } from "./pictures.js";

/** How near the embeddings of two models are, picture by picture. */
export interface Closeness {
  /** Cosine of the picture whose embeddings differ most. */
  readonly min: number;
  readonly mean: number;
  readonly pictures: number;
}

/** What a model makes of pictures. */
export interface Embedded {
  readonly embeddings: Float32Array;
  readonly dimension: number;
  /** What the pictures went through. */
  readonly preprocessing: PreprocessingOptions | undefined;
}

/** How a model is run. */
export interface EmbedAllOptions {
  /** Default: what the model, or a file beside it, says. */
  readonly preprocessing?: PreprocessingOptions | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a model in unreel's own engine over all pictures. One model is in memory at a time. */
export async function embedAll(
  model: string,
  pictures: PictureSet,
  { preprocessing, threads, signal }: EmbedAllOptions,
): Promise<Embedded> {
  const batch = 8; // what a few pictures gain by another is less than finding it takes
  await using encoder = await loadEncoder(model, {
    batch,
    ...(preprocessing && { preprocessing }),
    ...(threads !== undefined && { threads }),
    ...(signal && { signal }),
  });
  const { dimension } = encoder.info;
  return { embeddings: await pictures.embed(encoder, signal), dimension, preprocessing: preprocessingOf(encoder.info) };
}

function preprocessingOf({ parts }: EncoderInfo): PreprocessingOptions | undefined {
  const [part] = parts;
  const variant = preprocessingVariants.find((each) => each === part?.preprocessing);
  if (part === undefined || variant === undefined) return undefined;
  const { imageSize: size, mean, std } = part;
  return { variant, size, ...(mean && std && { mean, std }) };
}

/** Cosines of the rows of two models. @throws UnreelError `ERR_UNREEL_NOT_FINITE` where an embedding is not finite */
export function closeness(original: Embedded, other: Embedded): Closeness {
  const { dimension } = original;
  const pictures = original.embeddings.length / dimension;
  if (other.embeddings.length !== original.embeddings.length) {
    throw new UnreelError(
      "ERR_UNREEL_SOURCE_CHANGED",
      "The frames changed while the models were compared over them",
      {},
    );
  }
  let [min, sum] = [1, 0];
  for (let i = 0; i < pictures; i++) {
    const row = (from: Embedded) => from.embeddings.subarray(i * dimension, (i + 1) * dimension);
    const cosine = cosineOf(row(original), row(other));
    if (!Number.isFinite(cosine)) {
      throw new UnreelError("ERR_UNREEL_NOT_FINITE", `The embedding of picture ${i} is zero or not finite`, {
        picture: i,
      });
    }
    min = Math.min(min, cosine);
    sum += cosine;
  }
  return { min, mean: sum / pictures, pictures };
}

function cosineOf(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return dot / Math.sqrt(aa * bb);
}
