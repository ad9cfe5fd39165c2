"""Whether two ONNX files hold the same model, wherever their weights lie; says where they differ.

    python onnx_equal.py A.onnx B.onnx
"""

import sys

import onnx


def loaded(path):
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.STRING:
            tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor), tensor.name))
    return model


def differences(a, b, place="model"):
    if type(a) is not type(b):
        return [f"{place}: {type(a)} and {type(b)}"]
    if not hasattr(a, "ListFields"):
        return [] if a == b else [f"{place}: {str(a)[:80]} and {str(b)[:80]}"]
    found = []
    fields_a, fields_b = dict((f.name, v) for f, v in a.ListFields()), dict((f.name, v) for f, v in b.ListFields())
    for name in sorted(fields_a.keys() | fields_b.keys()):
        if name not in fields_a or name not in fields_b:
            found.append(f"{place}.{name} is in one file only")
            continue
        x, y = fields_a[name], fields_b[name]
        if hasattr(x, "__len__") and not isinstance(x, (str, bytes)):
            if len(x) != len(y):
                found.append(f"{place}.{name} has {len(x)} and {len(y)} entries")
            for i, (u, v) in enumerate(zip(x, y)):
                found += differences(u, v, f"{place}.{name}[{i}]")
        else:
            found += differences(x, y, f"{place}.{name}")
    return found


def main():
    a, b = (loaded(path) for path in sys.argv[1:3])
    found = [] if a == b else differences(a, b)
    sys.stdout.write("\n".join(found[:20]))


if __name__ == "__main__":
    main()
