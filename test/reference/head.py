"""A projection head's file as the safetensors package reads it, and what the head does by numpy in float64: JSON.

    python head.py HEAD.safetensors X.npy

With an ONNX file as well, the head is joined behind a graph that gives `image_embeds`, as a user would join it to an
encoder, and the joined model is checked and run by onnx's own reference evaluator:

    python head.py HEAD.safetensors X.npy HEAD.onnx
"""

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from safetensors import safe_open


def projections(tensors, x):
    values = x.astype(np.float64)
    if "hidden.weight" in tensors:
        hidden = values @ tensors["hidden.weight"].T.astype(np.float64) + tensors["hidden.bias"]
        values = np.maximum(hidden, 0)
    u = values @ tensors["weight"].T.astype(np.float64) + tensors["bias"]
    return u / np.maximum(np.linalg.norm(u, axis=1, keepdims=True), 1e-12)


def joined(path, width):
    """An encoder of one Identity node, with the head behind it."""
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", width])
    embeds = helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["batch", width])
    node = helper.make_node("Identity", ["pixels"], ["image_embeds"])
    graph = helper.make_graph([node], "encoder", [pixels], [embeds])
    encoder = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model = onnx.compose.merge_models(
        encoder, onnx.load(path), io_map=[("image_embeds", "image_embeds")], prefix1="encoder.", prefix2="head."
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    head, rows, *model = sys.argv[1:]
    with safe_open(head, framework="numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        metadata = file.metadata()
    x = np.load(rows)
    result = {
        "metadata": metadata,
        "shapes": {name: list(tensor.shape) for name, tensor in sorted(tensors.items())},
        "types": sorted({str(tensor.dtype) for tensor in tensors.values()}),
        "projections": projections(tensors, x).tolist(),
    }
    if model:
        evaluator = ReferenceEvaluator(joined(model[0], x.shape[1]))
        result["joined"] = evaluator.run(None, {"encoder.pixels": x})[0].tolist()
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
