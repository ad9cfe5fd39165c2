"""scikit-learn's and scikit-learn-intelex's side of bench/svm.

    peers.py sklearn|sklearnex --folder DIR --dims N --threads N --dtype float32|float64

Says its version in a line of JSON, then answers each line on stdin, {"work": "train"} or {"work": "predict", "count": N,
"out": FILE}, with the seconds; decision values go to the file.
"""

import argparse
import json
import os
import sys
import time

import numpy


def say(**fields):
    print(json.dumps(fields), flush=True)


def machine_of(kind, threads):
    """An SVC class, its name with version; numpy's and oneDAL's threads are bounded."""
    if kind == "sklearn":
        import sklearn
        from sklearn.svm import SVC

        return SVC, f"scikit-learn {sklearn.__version__}"
    import daal4py
    from importlib.metadata import version
    from sklearnex.svm import SVC

    daal4py.daalinit(threads)
    return SVC, f"scikit-learn-intelex {version('scikit-learn-intelex')}"


def peak_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["sklearn", "sklearnex"])
    parser.add_argument("--folder", required=True)
    parser.add_argument("--dims", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--dtype", default="float64")
    args = parser.parse_args()
    SVC, version = machine_of(args.kind, args.threads)

    def rows(name):
        return numpy.fromfile(os.path.join(args.folder, name), numpy.float32).reshape(-1, args.dims).astype(args.dtype)

    x, queries = rows("x.f32"), rows("queries.f32")
    labels = numpy.fromfile(os.path.join(args.folder, "labels.i32"), numpy.int32)
    machine = SVC(kernel="rbf", gamma=1.0, C=1.0, cache_size=200)
    say(version=f"{version}, {args.dtype}")
    for line in sys.stdin:
        request = json.loads(line)
        if request["work"] == "train":
            began = time.perf_counter()
            machine.fit(x, labels)
            seconds = time.perf_counter() - began
            say(seconds=seconds, vectors=len(machine.support_), peakMb=peak_mb())
            continue
        asked = queries[: request["count"]]
        began = time.perf_counter()
        values = machine.decision_function(asked)
        seconds = time.perf_counter() - began
        if "out" in request:
            numpy.asarray(values, numpy.float64).tofile(os.path.join(args.folder, request["out"]))
        say(seconds=seconds, peakMb=peak_mb())


main()
