"""A model whose constants stand in every field that a TensorProto keeps data in; prints their raw bytes as JSON.

    python onnx_typed_tensors.py OUT.onnx
"""

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VALUES = {
    "FLOAT": [1.5, -2.25, 3e-20],
    "DOUBLE": [1.5, -2.25, 1e300],
    "FLOAT16": [1.5, -2.25, 0.1],
    "BFLOAT16": [1.5, -2.25, 0.1],
    "INT8": [-128, 0, 127],
    "UINT8": [0, 1, 255],
    "INT16": [-32768, 0, 32767],
    "UINT16": [0, 1, 65535],
    "INT32": [-(2**31), 0, 2**31 - 1],
    "INT64": [-(2**63), -1, 2**63 - 1],
    "UINT32": [0, 1, 2**32 - 1],
    "UINT64": [0, 1, 2**64 - 1],
    "BOOL": [True, False, True],
}


def main():
    tensors = [helper.make_tensor(name, getattr(TensorProto, name), [3], values) for name, values in VALUES.items()]
    tensors.append(helper.make_tensor("STRING", TensorProto.STRING, [2], [b"a", b"bc"]))
    node = helper.make_node("Add", ["x", "FLOAT"], ["y"], doc_string="kept")
    info = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [3])
    graph = helper.make_graph([node], "typed", [info("x")], [info("y")], tensors)
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), sys.argv[1])
    raw = {t.name: numpy_helper.to_array(t).tobytes().hex() for t in tensors if t.name != "STRING"}
    json.dump(raw, sys.stdout)


if __name__ == "__main__":
    main()
