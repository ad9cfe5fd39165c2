"""An ONNX file rewritten with its weights in a file beside it, as exporters write models over 2 GB.

IN.onnx -> OUT.onnx and OUT.onnx.data

usage: external_data.py IN.onnx OUT.onnx
"""

import os
import sys

import onnx


def main() -> None:
    source, target = sys.argv[1:3]
    onnx.save_model(
        onnx.load(source),
        target,
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location=os.path.basename(target) + ".data",
        size_threshold=1024,
    )


if __name__ == "__main__":
    main()
