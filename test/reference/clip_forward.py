"""CLIP's image encoder in float64 numpy, from the weights of an ONNX file with Hugging Face's names.

    python clip_forward.py MODEL.onnx CROPS.npy OUT.npy --heads 12

CROPS: [n, 224, 224, 3] uint8 RGB. OUT: [n, projection] float64, not normalised. Only the initializers are read; the
graph is not. Sizes come from the weights' shapes, but the number of heads leaves no trace in them. Source: Radford et
al. 2021, section 2.4, and transformers' CLIPVisionModelWithProjection.
"""

import argparse

import numpy as np
import onnx
from onnx import numpy_helper

MEAN = np.array([0.48145466, 0.4578275, 0.40821073])
STD = np.array([0.26862954, 0.26130258, 0.27577711])
EPSILON = 1e-5


def read_weights(path):
    model = onnx.load(path)
    return {tensor.name: numpy_helper.to_array(tensor).astype(np.float64) for tensor in model.graph.initializer}


def layer_norm(x, weights, name):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + EPSILON) * weights[name + ".weight"] + weights[name + ".bias"]


def linear(x, weights, name):
    return x @ weights[name + ".weight"].T + weights[name + ".bias"]


def softmax(x):
    shifted = np.exp(x - x.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def attention(x, weights, name, heads):
    tokens, width = x.shape
    size = width // heads
    q, k, v = (linear(x, weights, f"{name}.{each}_proj").reshape(tokens, heads, size) for each in "qkv")
    mixed = [softmax(q[:, h] @ k[:, h].T / np.sqrt(size)) @ v[:, h] for h in range(heads)]
    return linear(np.concatenate(mixed, axis=1), weights, name + ".out_proj")


def quick_gelu(x):
    return x / (1.0 + np.exp(-1.702 * x))


def patches(crop, size):
    """[n, 3 * size * size]: patch by patch row by row, each channel first."""
    pixels = (crop / 255.0 - MEAN) / STD
    rows, columns = pixels.shape[0] // size, pixels.shape[1] // size
    grid = pixels.reshape(rows, size, columns, size, 3).transpose(0, 2, 4, 1, 3)
    return grid.reshape(rows * columns, 3 * size * size)


def embed(crop, weights, heads):
    kernel = weights["vision_model.embeddings.patch_embedding.weight"]
    tokens = patches(crop, kernel.shape[2]) @ kernel.reshape(kernel.shape[0], -1).T
    x = np.concatenate([weights["vision_model.embeddings.class_embedding"][None], tokens])
    x = x + weights["vision_model.embeddings.position_embedding.weight"]
    x = layer_norm(x, weights, "vision_model.pre_layrnorm")
    layer = 0
    while f"vision_model.encoder.layers.{layer}.mlp.fc1.weight" in weights:
        name = f"vision_model.encoder.layers.{layer}"
        x = x + attention(layer_norm(x, weights, name + ".layer_norm1"), weights, name + ".self_attn", heads)
        wide = quick_gelu(linear(layer_norm(x, weights, name + ".layer_norm2"), weights, name + ".mlp.fc1"))
        x = x + linear(wide, weights, name + ".mlp.fc2")
        layer += 1
    pooled = layer_norm(x[0], weights, "vision_model.post_layernorm")
    return weights["visual_projection.weight"] @ pooled


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("crops")
    parser.add_argument("out")
    parser.add_argument("--heads", type=int, required=True)
    arguments = parser.parse_args()
    weights = read_weights(arguments.model)
    crops = np.load(arguments.crops)
    np.save(arguments.out, np.stack([embed(crop, weights, arguments.heads) for crop in crops]))


if __name__ == "__main__":
    main()
