"""Small image encoders whose constant weights stand in every place that exporters and optimisers put them.

Each: pixel_values [batch, 3, 32, 32] -> patches of 8 -> tokens [batch, 16, 64] -> the layers of KIND -> mean of the tokens
-> image_embeds [batch, 24].

    python onnx_placements.py OUT.onnx KIND
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, TOKENS, HEADS, OUT = 64, 16, 4, 24
random = np.random.default_rng(7)


class Graph:
    def __init__(self):
        self.nodes, self.initializers, self.count = [], [], 0

    def constant(self, array, name=None):
        self.count += 1
        name = name or f"constant_{self.count}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind, inputs, outputs=None, **attributes):
        self.count += 1
        outputs = outputs or [f"value_{self.count}"]
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=f"node_{self.count}", **attributes))
        return outputs[0]


def weights(*shape):
    return (random.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)


def integers(*values):
    return np.array(values, np.int64)


def transposed(g, x):
    w = g.node("Transpose", [g.constant(weights(WIDTH, WIDTH).T)], perm=[1, 0])
    return g.node("MatMul", [x, w])


def constant_node(g, x):
    w = g.node("Constant", [], value=numpy_helper.from_array(weights(WIDTH, WIDTH)))
    return g.node("MatMul", [x, w])


def identity(g, x):
    w = g.node("Identity", [g.node("Identity", [g.constant(weights(WIDTH, WIDTH))])])
    return g.node("MatMul", [x, w])


def cast(g, x):
    w = g.node("Cast", [g.constant(weights(WIDTH, WIDTH).astype(np.float16))], to=TensorProto.FLOAT)
    return g.node("MatMul", [x, w])


def gemm(g, x):
    rows = g.node("Reshape", [x, g.constant(integers(-1, WIDTH))])
    w, b = g.constant(weights(48, WIDTH)), g.constant(weights(48))
    y = g.node("Gemm", [rows, w, b], transB=1, alpha=0.5, beta=3.0)
    y = g.node("Gemm", [y, g.constant(weights(48, WIDTH))])
    return g.node("Reshape", [y, g.constant(integers(-1, TOKENS, WIDTH))])


def shared(g, x):
    w = g.constant(weights(WIDTH, WIDTH), "shared")
    x = g.node("MatMul", [x, w])
    x = g.node("MatMul", [g.node("Tanh", [x]), w])
    return g.node("MatMul", [x, g.node("Transpose", [w], perm=[1, 0])])


def attention(g, x):
    w, b = g.constant(weights(WIDTH, 3 * WIDTH)), g.constant(weights(3 * WIDTH))
    return g.node("Attention", [x, w, b], domain="com.microsoft", num_heads=HEADS)


def masked_attention(g, x):
    w, b = g.constant(weights(WIDTH, 3 * WIDTH)), g.constant(weights(3 * WIDTH))
    lengths = g.node("ConstantOfShape", [batch_of(g, x)], value=helper.make_tensor("t", TensorProto.INT32, [1], [TOKENS]))
    return g.node("Attention", [x, w, b, lengths], domain="com.microsoft", num_heads=HEADS)


def batch_of(g, x):
    return g.node("Slice", [g.node("Shape", [x]), g.constant(integers(0)), g.constant(integers(1))])


def within_if(g, x):
    """A weight that a graph within the graph reads too, and must find when the product has another form."""
    w = g.constant(weights(WIDTH, WIDTH), "captured")
    x = g.node("MatMul", [x, w])
    body = lambda kind, out: helper.make_graph(
        [helper.make_node(kind, ["captured"], [out])], kind, [], [helper.make_tensor_value_info(out, 1, [WIDTH, WIDTH])]
    )
    chosen = g.node("If", [g.constant(np.array(True))], then_branch=body("Neg", "a"), else_branch=body("Abs", "b"))
    return g.node("Add", [x, g.node("ReduceMean", [chosen], keepdims=1)])


def left(g, x):
    """Weights on the left: products that stay as they are, beside one that does not."""
    x = g.node("MatMul", [g.constant(weights(TOKENS, TOKENS)), x])
    return g.node("MatMul", [x, g.constant(weights(WIDTH, WIDTH))])


KINDS = [transposed, constant_node, identity, cast, gemm, shared, attention, masked_attention, within_if, left]


def main():
    path, kind = sys.argv[1:3]
    g = Graph()
    kernel = g.constant((random.standard_normal((WIDTH, 3, 8, 8)) / 14).astype(np.float32))
    x = g.node("Conv", ["pixel_values", kernel, g.constant(weights(WIDTH))], strides=[8, 8], kernel_shape=[8, 8])
    x = g.node("Transpose", [g.node("Reshape", [x, g.constant(integers(-1, WIDTH, TOKENS))])], perm=[0, 2, 1])
    x = next(each for each in KINDS if each.__name__ == kind)(g, x)
    x = g.node("ReduceMean", [g.node("Tanh", [x])], axes=[1], keepdims=0)
    g.node("MatMul", [x, g.constant(weights(WIDTH, OUT))], ["image_embeds"])
    info = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        g.nodes, kind, [info("pixel_values", "batch", 3, 32, 32)], [info("image_embeds", "batch", OUT)], g.initializers
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=opsets), path)


if __name__ == "__main__":
    main()
