"""libsvm's sparse text format, read by others.

libsvm's own svm_read_problem and scikit-learn must read the same from FILE, in every bit; that is written, dense:
OUT.npy [N,D] float64, and labels on stdout as JSON. With --dump, scikit-learn first writes FILE, from ROWS.npy.

usage: svm_data.py [--dump ROWS.npy] FILE DIMS OUT.npy
"""

import json
import sys

import numpy as np
from libsvm.commonutil import svm_read_problem
from sklearn.datasets import dump_svmlight_file, load_svmlight_file


def by_libsvm(path: str, dims: int) -> tuple[np.ndarray, np.ndarray]:
    labels, sparse_rows = svm_read_problem(path)
    rows = np.zeros((len(labels), dims))
    for row, features in zip(rows, sparse_rows):
        for index, value in features.items():
            row[index - 1] = value
    return np.array(labels), rows


def main() -> None:
    arguments = sys.argv[1:]
    source = arguments[1] if arguments[0] == "--dump" else None
    path, dims, target = arguments[-3], int(arguments[-2]), arguments[-1]
    if source is not None:
        rows = np.load(source)
        dump_svmlight_file(rows, np.arange(len(rows)) % 2, path, zero_based=False)
    labels, rows = by_libsvm(path, dims)
    sparse, labels_again = load_svmlight_file(path, n_features=dims, zero_based=False, dtype=np.float64)
    if not np.array_equal(labels, labels_again) or not np.array_equal(rows, sparse.toarray()):
        sys.exit("libsvm and scikit-learn read something else from the file")
    np.save(target, rows)
    print(json.dumps([int(label) for label in labels]))


if __name__ == "__main__":
    main()
