"""The Python libraries' side of bench/encode.

    peers.py openvino|torch --model FILE --input FILE --size 224 --out FILE --batch N --threads N [--streams N]
    peers.py reference      --model FILE --input FILE --size 224 --out FILE
    peers.py quantize       --model FILE --out FILE
    peers.py sgemm          --threads N

--input holds normalised float32 pictures. A library loads, encodes all pictures once, writes the embeddings (float32) to
--out and says its version in a line of JSON; then it encodes all of them again for each line on stdin and answers with
the seconds. `reference` writes float64 embeddings, `quantize` what ONNX Runtime's own dynamic quantiser makes of a model.
`sgemm` answers each line with the GFLOP/s of large square products, the best of several.
"""

import argparse
import json
import sys
import time

import numpy


def read_pictures(arguments):
    side = arguments.size
    return numpy.fromfile(arguments.input, numpy.float32).reshape(-1, 3, side, side)


def say(**fields):
    print(json.dumps(fields), flush=True)


def serve(encode, arguments, version):
    """`encode` gives all pictures' embeddings as one array."""
    encode().astype(numpy.float32).tofile(arguments.out)
    say(version=version)
    for _ in sys.stdin:
        began = time.perf_counter()
        encode()
        say(seconds=time.perf_counter() - began)


def serve_openvino(arguments):
    import openvino

    core = openvino.Core()
    model = core.read_model(arguments.model)
    model.reshape([arguments.batch, 3, arguments.size, arguments.size])
    options = {
        "INFERENCE_NUM_THREADS": arguments.threads,
        "NUM_STREAMS": arguments.streams,
        "PERFORMANCE_HINT": "THROUGHPUT",
        # Elsewhere it may take bfloat16 by itself.
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = core.compile_model(model, "CPU", options)
    queue = openvino.AsyncInferQueue(compiled, arguments.streams)
    batches = numpy.split(read_pictures(arguments), range(arguments.batch, len(read_pictures(arguments)), arguments.batch))
    results = [None] * len(batches)

    def keep(request, index):
        results[index] = request.get_output_tensor(0).data.copy()

    queue.set_callback(keep)

    def encode():
        for index, batch in enumerate(batches):
            queue.start_async({0: openvino.Tensor(batch, shared_memory=True)}, index)
        queue.wait_all()
        return numpy.concatenate(results)

    # Requests one after another first: the very first ones side by side have once given wrong embeddings here (a cosine
    # 1.3e-4 below 1, with 2026.4.1), and never again in the same process.
    for index, batch in enumerate(batches[: arguments.streams]):
        queue.start_async({0: openvino.Tensor(batch, shared_memory=True)}, index)
        queue.wait_all()
    serve(encode, arguments, openvino.__version__.split("-")[0])


class VisionTransformer:
    """CLIP's image encoder in torch, from the weights of an ONNX file with Hugging Face's names."""

    def __init__(self, path, dtype):
        import onnx
        import torch
        from onnx import numpy_helper

        tensors = {each.name: numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}
        floats = {name: value for name, value in tensors.items() if value.dtype == numpy.float32}
        self.weights = {name: torch.from_numpy(value.copy()).to(dtype) for name, value in floats.items()}
        kernel = self.weights["vision_model.embeddings.patch_embedding.weight"]
        self.width, self.patch = kernel.shape[0], kernel.shape[2]
        self.heads = self.width // 64
        self.layers = [self.layer(index) for index in range(100) if self.layer_name(index) + ".layer_norm1.weight" in floats]

    @staticmethod
    def layer_name(index):
        return f"vision_model.encoder.layers.{index}"

    def pair(self, name):
        return self.weights[name + ".weight"], self.weights[name + ".bias"]

    def layer(self, index):
        """The projections to queries, keys and values packed into one product, which is quicker."""
        import torch

        name = self.layer_name(index)
        weights, biases = zip(*(self.pair(f"{name}.self_attn.{each}_proj") for each in "qkv"))
        pairs = ["layer_norm1", "self_attn.out_proj", "layer_norm2", "mlp.fc1", "mlp.fc2"]
        return {"qkv": (torch.cat(weights), torch.cat(biases)), **{each: self.pair(f"{name}.{each}") for each in pairs}}

    def norm(self, x, pair):
        import torch.nn.functional as F

        return F.layer_norm(x, (self.width,), *pair, eps=1e-5)

    def attention(self, x, layer):
        import torch.nn.functional as F

        batch, tokens, _ = x.shape
        packed = F.linear(x, *layer["qkv"]).view(batch, tokens, 3, self.heads, 64)
        mixed = F.scaled_dot_product_attention(*packed.permute(2, 0, 3, 1, 4).unbind(0))
        return F.linear(mixed.transpose(1, 2).reshape(batch, tokens, self.width), *layer["self_attn.out_proj"])

    def mlp(self, x, layer):
        import torch
        import torch.nn.functional as F

        wide = F.linear(x, *layer["mlp.fc1"])
        return F.linear(wide * torch.sigmoid(1.702 * wide), *layer["mlp.fc2"])

    def __call__(self, pixels):
        import torch
        import torch.nn.functional as F

        weights = self.weights
        kernel = weights["vision_model.embeddings.patch_embedding.weight"]
        patches = F.conv2d(pixels, kernel, stride=self.patch).flatten(2).transpose(1, 2)
        token = weights["vision_model.embeddings.class_embedding"].expand(len(pixels), 1, -1)
        x = torch.cat([token, patches], 1) + weights["vision_model.embeddings.position_embedding.weight"]
        x = self.norm(x, self.pair("vision_model.pre_layrnorm"))
        for layer in self.layers:
            x = x + self.attention(self.norm(x, layer["layer_norm1"]), layer)
            x = x + self.mlp(self.norm(x, layer["layer_norm2"]), layer)
        pooled = self.norm(x[:, 0], self.pair("vision_model.post_layernorm"))
        return F.linear(pooled, weights["visual_projection.weight"])


def serve_torch(arguments):
    import torch

    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    model = VisionTransformer(arguments.model, torch.float32)
    batches = torch.from_numpy(read_pictures(arguments)).split(arguments.batch)

    def encode():
        with torch.inference_mode():
            return torch.cat([model(batch) for batch in batches]).numpy()

    serve(encode, arguments, torch.__version__.split("+")[0])


def write_reference(arguments):
    import torch

    model = VisionTransformer(arguments.model, torch.float64)
    with torch.inference_mode():
        batches = torch.from_numpy(read_pictures(arguments)).double().split(8)
        torch.cat([model(batch) for batch in batches]).numpy().tofile(arguments.out)


def quantize(arguments):
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        arguments.model,
        arguments.out,
        op_types_to_quantize=["MatMul", "Gemm"],
        per_channel=True,
        weight_type=QuantType.QInt8,
    )
    say(version=onnxruntime.__version__)


def serve_sgemm(arguments):
    """Whoever multiplies faster: torch's library or numpy's."""
    import torch

    torch.set_num_threads(arguments.threads)
    size, calls = 3072, 4
    a, b = torch.rand(size, size), torch.rand(size, size)
    products = {
        f"torch {torch.__version__.split('+')[0]}": lambda: torch.mm(a, b),
        f"numpy {numpy.__version__}": lambda: numpy.dot(a.numpy(), b.numpy()),
    }
    for product in products.values():
        product()
    say()
    for _ in sys.stdin:
        rates = {name: max(rate(product, size) for _ in range(calls)) for name, product in products.items()}
        best = max(rates, key=rates.get)
        say(gflops=rates[best], by=best)


def rate(product, size):
    began = time.perf_counter()
    product()
    return 2e-9 * size**3 / (time.perf_counter() - began)


def main():
    does = {
        "openvino": serve_openvino,
        "torch": serve_torch,
        "reference": write_reference,
        "quantize": quantize,
        "sgemm": serve_sgemm,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=does)
    parser.add_argument("--model")
    parser.add_argument("--input")
    parser.add_argument("--out")
    for name in ["size", "batch", "threads", "streams"]:
        parser.add_argument(f"--{name}", type=int, default=1)
    arguments = parser.parse_args()
    does[arguments.what](arguments)


if __name__ == "__main__":
    main()
