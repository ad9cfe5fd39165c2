// npm's libsvm-js as its users call it: libsvm 3.22 in WebAssembly. It gives labels and no decision values.
//
// node libsvm-js.mjs FOLDER: answers each line on stdin, {"work": "train" | "predict", ...}, with the seconds.
import { performance } from "node:perf_hooks";
import loadLibsvm from "libsvm-js";
import { answerRequests, readInputs } from "./worker.mjs";

const SVM = await loadLibsvm;
const { folder, x, labels, queries, dims } = readInputs();
const rowsOf = (values, count) =>
  Array.from({ length: count }, (_, row) => Array.from(values.subarray(row * dims, (row + 1) * dims)));
const samples = rowsOf(x, labels.length);
const svm = new SVM({
  kernel: SVM.KERNEL_TYPES.RBF,
  type: SVM.SVM_TYPES.C_SVC,
  gamma: 1,
  cost: 1,
  cacheSize: 200,
  quiet: true,
});

await answerRequests(folder, {
  async train() {
    const began = performance.now();
    svm.train(samples, Array.from(labels));
    return { seconds: (performance.now() - began) / 1000, vectors: svm.getSVIndices().length };
  },
  async predict({ count }) {
    const asked = rowsOf(queries, count);
    const began = performance.now();
    const predicted = svm.predict(asked);
    return { seconds: (performance.now() - began) / 1000, values: Float64Array.from(predicted) };
  },
});
