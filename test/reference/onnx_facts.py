"""What the onnx package reads in a model, as JSON; the model is checked first, shapes inferred strictly.

    python onnx_facts.py MODEL.onnx
"""

import hashlib
import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper


def value(info):
    tensor = info.type.tensor_type
    return [TensorProto.DataType.Name(tensor.elem_type)] + [d.dim_param or d.dim_value for d in tensor.shape.dim]


def main():
    path = sys.argv[1]
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    floats = {name: array.astype(np.float64) for name, array in tensors.items() if array.dtype == np.float32}
    seen = {}
    for name, array in floats.items():
        if array.size > 1:
            seen.setdefault(hashlib.sha256(array.tobytes()).hexdigest(), []).append(name)
    facts = {
        "producer": model.producer_name,
        "opsets": {opset.domain: opset.version for opset in model.opset_import},
        "metadata": {entry.key: entry.value for entry in model.metadata_props},
        "inputs": {each.name: value(each) for each in model.graph.input},
        "outputs": {each.name: value(each) for each in model.graph.output},
        "initializers": {name: list(array.shape) for name, array in tensors.items()},
        "statistics": {name: {"mean": array.mean(), "deviation": array.std()} for name, array in floats.items()},
        "equalTensors": [names for names in seen.values() if len(names) > 1],
    }
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main()
