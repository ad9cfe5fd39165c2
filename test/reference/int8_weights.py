"""Quantises the weights of an ONNX model anew, with numpy, and says where unreel's numbers are others.

The rule: of each output channel, scale = max over pairs of inputs (2k, 2k + 1) of max(|a|, |b|, |a + b|) / 127, in
float64 and rounded to float32; weights = rint(w / scale). A pair's sum stays within 128.

    python int8_weights.py ORIGINAL.onnx QUANTISED.onnx
"""

import json
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def arrays(path):
    return {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}


def quantise(weights):
    pairs = np.zeros((weights.shape[0] + weights.shape[0] % 2, weights.shape[1]))
    pairs[: weights.shape[0]] = weights
    a, b = pairs[0::2], pairs[1::2]
    peaks = np.maximum(np.maximum(np.abs(a), np.abs(b)), np.abs(a + b)).max(axis=0)
    scales = np.where(peaks < 1e-30, 1, peaks / 127).astype(np.float32)
    return np.rint(weights.astype(np.float64) / scales.astype(np.float64)), scales


def main():
    original, made = arrays(sys.argv[1]), arrays(sys.argv[2])
    checked, faults = [], []
    for name, numbers in made.items():
        if not name.endswith("/int8") or numbers.ndim != 2:
            continue
        key = name.removesuffix("/int8")
        weights = original[key.removesuffix("/by-output")].astype(np.float32)
        if key.endswith("/by-output"):
            weights = weights.reshape(weights.shape[0], -1).T
        expected, scales = quantise(weights)
        if not np.array_equal(expected, numbers):
            faults.append(f"{name}: {np.count_nonzero(expected != numbers)} of {numbers.size} numbers differ")
        if not np.array_equal(scales, made[f"{key}/scales"]):
            faults.append(f"{key}/scales differ by up to {np.abs(scales - made[key + '/scales']).max()}")
        sums = np.abs(numbers[0 : len(numbers) // 2 * 2 : 2].astype(int) + numbers[1::2]).max()
        if sums > 128:
            faults.append(f"{name}: a pair's sum is {sums}")
        checked.append(name)
    json.dump({"checked": len(checked), "faults": faults}, sys.stdout)


if __name__ == "__main__":
    main()
