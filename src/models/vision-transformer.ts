import type { VisionArchitecture } from "./architectures.js";
import { GraphWriter, type ModelContent } from "./onnx-writer.js";

/**
 * CLIP's vision transformer as an ONNX graph of standard operators (opset 17, fp32), with seeded weights.
 *
 * `pixel_values` [batch, 3, image, image] -> patches (a convolution with stride = patch) -> class token first -> + position ->
 * LayerNorm -> layers of x += out(attention(ln1(x))), x += fc2(quickGelu(fc1(ln2(x)))) -> LayerNorm of the class token
 * -> projection without bias -> `image_embeds` [batch, projection]. Source: Radford et al. 2021, and the forward pass of
 * `CLIPVisionModelWithProjection` in Hugging Face's transformers.
 *
 * Initializers have Hugging Face's names, shapes and order of axes: linear weights are [out, in], which Gemm takes with
 * transB = 1 and ORT packs once when it loads the model. Tokens lie as rows [batch * tokens, width], so that each linear map is one
 * matrix product with its bias fused. Separate and fused Q, K, V, and MatMul + Add instead of Gemm, measured the same.
 *
 * Weights are drawn as transformers initialises CLIP, but biases are noise instead of 0, and gains have noise around 1:
 * so no tensor is neutral, and a reader that forgets or mixes up one gives another embedding.
 */
export function visionTransformer(architecture: VisionArchitecture, seed: number): ModelContent {
  return new VisionTransformerGraph(architecture, seed).build();
}

const prefix = "vision_model";
const biasDeviation = 0.02;
const gainDeviation = 0.1;

class VisionTransformerGraph {
  readonly #graph = new GraphWriter();
  readonly #architecture: VisionArchitecture;
  readonly #seed: number;

  constructor(architecture: VisionArchitecture, seed: number) {
    this.#architecture = architecture;
    this.#seed = seed;
  }

  build(): ModelContent {
    const { image, layers, projection, width } = this.#architecture;
    this.#constants();
    let x = this.#layerNorm(this.#embeddings(), `${prefix}.pre_layrnorm`);
    x = this.#graph.node("Reshape", [x, "shape.rows"], "rows");
    for (let layer = 0; layer < layers; layer++) x = this.#layer(x, `${prefix}.encoder.layers.${layer}`);
    x = this.#graph.node("Reshape", [x, "shape.tokens"], "last_hidden_state");
    x = this.#graph.node("Gather", [x, "index.class"], "class_token", { axis: { int: 1 } });
    x = this.#layerNorm(x, `${prefix}.post_layernorm`);
    const weight = this.#weight("visual_projection.weight", [projection, width], 1 / Math.sqrt(width));
    this.#graph.node("Gemm", [x, weight], "image_embeds", { transB: { int: 1 } });
    return this.#graph.graph(
      "clip_vision",
      { name: "pixel_values", shape: ["batch", 3, image, image] },
      { name: "image_embeds", shape: ["batch", projection] },
    );
  }

  get #patches(): number {
    return (this.#architecture.image / this.#architecture.patch) ** 2;
  }

  #constants(): void {
    const { heads, width } = this.#architecture;
    const tokens = this.#patches + 1;
    this.#graph.int64("shape.rows", [-1, width]);
    this.#graph.int64("shape.tokens", [-1, tokens, width]);
    this.#graph.int64("shape.patches", [-1, width, this.#patches]);
    this.#graph.int64("shape.class", [1, width]);
    this.#graph.int64("shape.heads", [-1, tokens, heads, width / heads]);
    this.#graph.int64("index.class", [0], []);
    this.#graph.float32("attention.scale", 1 / Math.sqrt(width / heads));
    this.#graph.float32("quick_gelu.slope", 1.702);
  }

  /** Class token and patches plus position: [batch, tokens, width]. */
  #embeddings(): string {
    const { patch, width } = this.#architecture;
    const name = `${prefix}.embeddings`;
    const kernel = this.#weight(`${name}.patch_embedding.weight`, [width, 3, patch, patch], 0.02);
    const token = this.#weight(`${name}.class_embedding`, [width], 1 / Math.sqrt(width));
    const position = this.#weight(`${name}.position_embedding.weight`, [this.#patches + 1, width], 0.02);
    const window = { kernel_shape: { ints: [patch, patch] }, strides: { ints: [patch, patch] } };
    const grid = this.#graph.node("Conv", ["pixel_values", kernel], `${name}.grid`, window);
    const columns = this.#graph.node("Reshape", [grid, "shape.patches"], `${name}.columns`);
    const patches = this.#graph.node("Transpose", [columns], `${name}.patches`, { perm: { ints: [0, 2, 1] } });
    const batch = this.#graph.node("Shape", ["pixel_values"], `${name}.batch`, { start: { int: 0 }, end: { int: 1 } });
    const shape = this.#graph.node("Concat", [batch, "shape.class"], `${name}.class_shape`, { axis: { int: 0 } });
    const classes = this.#graph.node("Expand", [token, shape], `${name}.class`);
    const tokens = this.#graph.node("Concat", [classes, patches], `${name}.tokens`, { axis: { int: 1 } });
    return this.#graph.node("Add", [tokens, position], name);
  }

  /** One transformer layer over rows [batch * tokens, width]. */
  #layer(x: string, name: string): string {
    const { layers, mlp, width } = this.#architecture;
    const narrow = 1 / Math.sqrt(width * 2 * layers);
    const attended = this.#attention(this.#layerNorm(x, `${name}.layer_norm1`), `${name}.self_attn`, narrow);
    const middle = this.#graph.node("Add", [x, attended], `${name}.attended`);
    const normed = this.#layerNorm(middle, `${name}.layer_norm2`);
    const wide = this.#quickGelu(
      this.#linear(normed, `${name}.mlp.fc1`, width, mlp, 1 / Math.sqrt(2 * width)),
      `${name}.mlp.act`,
    );
    const narrowed = this.#linear(wide, `${name}.mlp.fc2`, mlp, width, narrow);
    return this.#graph.node("Add", [middle, narrowed], name);
  }

  #attention(x: string, name: string, deviation: number): string {
    const { width } = this.#architecture;
    const q = this.#heads(x, `${name}.q_proj`, deviation, [0, 2, 1, 3]);
    const k = this.#heads(x, `${name}.k_proj`, deviation, [0, 2, 3, 1]);
    const v = this.#heads(x, `${name}.v_proj`, deviation, [0, 2, 1, 3]);
    const products = this.#graph.node("MatMul", [q, k], `${name}.products`);
    const scaled = this.#graph.node("Mul", [products, "attention.scale"], `${name}.scaled`);
    const weights = this.#graph.node("Softmax", [scaled], `${name}.weights`);
    const mixed = this.#graph.node("MatMul", [weights, v], `${name}.mixed`);
    const tokens = this.#graph.node("Transpose", [mixed], `${name}.tokens`, { perm: { ints: [0, 2, 1, 3] } });
    const rows = this.#graph.node("Reshape", [tokens, "shape.rows"], `${name}.rows`);
    return this.#linear(rows, `${name}.out_proj`, width, width, 1 / Math.sqrt(width));
  }

  /** A linear map, its rows cut into heads: [batch, heads, tokens, width / heads], or as `perm` orders it. */
  #heads(x: string, name: string, deviation: number, perm: readonly number[]): string {
    const { width } = this.#architecture;
    const rows = this.#linear(x, name, width, width, deviation);
    const heads = this.#graph.node("Reshape", [rows, "shape.heads"], `${name}.split`);
    return this.#graph.node("Transpose", [heads], `${name}.heads`, { perm: { ints: perm } });
  }

  #quickGelu(x: string, name: string): string {
    const slope = this.#graph.node("Mul", [x, "quick_gelu.slope"], `${name}.slope`);
    const gate = this.#graph.node("Sigmoid", [slope], `${name}.gate`);
    return this.#graph.node("Mul", [x, gate], name);
  }

  #linear(x: string, name: string, inputs: number, outputs: number, deviation: number): string {
    const weight = this.#weight(`${name}.weight`, [outputs, inputs], deviation);
    const bias = this.#weight(`${name}.bias`, [outputs], biasDeviation);
    return this.#graph.node("Gemm", [x, weight, bias], name, { transB: { int: 1 } });
  }

  #layerNorm(x: string, name: string): string {
    const { width } = this.#architecture;
    const gain = this.#weight(`${name}.weight`, [width], gainDeviation, 1);
    const bias = this.#weight(`${name}.bias`, [width], biasDeviation);
    return this.#graph.node("LayerNormalization", [x, gain, bias], name, { epsilon: { float: 1e-5 } });
  }

  #weight(name: string, dims: readonly number[], deviation: number, mean = 0): string {
    return this.#graph.seeded(name, dims, this.#seed, { mean, deviation });
  }
}
