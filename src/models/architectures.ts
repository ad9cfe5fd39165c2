/** The shape of a CLIP vision transformer, in the words of Hugging Face's `vision_config`. */
export interface VisionArchitecture {
  /** Channels of a token: `hidden_size`. */
  readonly width: number;
  /** `num_hidden_layers`. */
  readonly layers: number;
  /** `num_attention_heads`; divides `width`. */
  readonly heads: number;
  /** Channels between the two linear maps of an MLP: `intermediate_size`. */
  readonly mlp: number;
  /** Side of a patch in pixels: `patch_size`; divides `image`. */
  readonly patch: number;
  /** Side of the picture in pixels: `image_size`. */
  readonly image: number;
  /** Dimension of the embedding: `projection_dim`. */
  readonly projection: number;
}

/**
 * The architectures that `makeModel` writes: OpenAI's clip-vit-base-patch32, clip-vit-base-patch16 and
 * clip-vit-large-patch14; `tiny` has every part of them in a size for tests.
 */
export const architectures = {
  tiny: { width: 48, layers: 2, heads: 4, mlp: 192, patch: 32, image: 224, projection: 48 },
  "vit-b-32": { width: 768, layers: 12, heads: 12, mlp: 3072, patch: 32, image: 224, projection: 512 },
  "vit-b-16": { width: 768, layers: 12, heads: 12, mlp: 3072, patch: 16, image: 224, projection: 512 },
  "vit-l-14": { width: 1024, layers: 24, heads: 16, mlp: 4096, patch: 14, image: 224, projection: 768 },
} as const satisfies Record<string, VisionArchitecture>;

/** `residual` is no vision transformer: see residual.ts. */
export type ModelName = keyof typeof architectures | "residual";

/** The names that {@link makeModel} knows. */
export const modelNames: readonly ModelName[] = [
  ...(Object.keys(architectures) as (keyof typeof architectures)[]),
  "residual",
];
