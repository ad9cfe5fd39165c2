"""libsvm's decision values of a saved model.

svm.model and ROWS.npy ([N,D] float64) -> OUT.npy ([N] float64)

Positive means label 1 (fake) whatever order the file's labels have, and outside of one class, as unreel reports them;
apart from that sign the values are those of svm_predict_values in every bit.

usage: svm_decision_values.py svm.model ROWS.npy OUT.npy
"""

import ctypes
import os
import sys

# The package is built with OpenMP, whose threads sum a one-class decision in an order of their own.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from libsvm.svm import gen_svm_nodearray, libsvm, svm_forms
from libsvm.svmutil import svm_load_model


def sign_of(model) -> float:
    if model.get_svm_type() == svm_forms.ONE_CLASS:
        return -1.0
    labels = model.get_labels()
    if len(labels) != 2 or 1 not in labels:
        sys.exit(f"expected two labels, one of them 1, got {labels}")
    return 1.0 if labels[0] == 1 else -1.0


def decision_values(model_path: str, rows: np.ndarray) -> np.ndarray:
    model = svm_load_model(model_path)
    if model is None:
        sys.exit(f"libsvm cannot read {model_path}")
    sign = sign_of(model)
    values = np.empty(len(rows), dtype=np.float64)
    value = (ctypes.c_double * 1)()
    for i, row in enumerate(rows):
        nodes, _ = gen_svm_nodearray(row.tolist())
        libsvm.svm_predict_values(model, nodes, value)
        values[i] = sign * value[0]
    return values


def main() -> None:
    model_path, source, target = sys.argv[1:4]
    rows = np.load(source).astype(np.float64)
    if rows.ndim != 2:
        sys.exit(f"expected [N,D] rows in {source}, got shape {rows.shape}")
    np.save(target, decision_values(model_path, rows))


if __name__ == "__main__":
    main()
