import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { Random } from "../../src/random.js";
import { Svm, trainSvm } from "../../src/training/svm.js";
import type { TrainSvmOptions } from "../../src/training/svm-options.js";
import { temporaryFolder } from "../support/folders.js";
import { readNpy, writeNpy } from "../support/npy.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { clusters } from "./clusters.js";

const folder = temporaryFolder("svm");
const at = (name: string) => join(folder, name);

/** Rows with all 53 bits, of every size from 1e-30 to 1e3, a tenth of them zeros. */
function doubles(count: number, seed: number): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => {
    const value = random.next() / 2 ** 31 - 1 + random.next() / 2 ** 63;
    const size = random.below(10);
    if (size === 0) return 0;
    return size === 1 ? value * 10 ** (random.below(34) - 30) : value;
  });
}

/** A problem that no plane solves, so that many rows become support vectors. */
function problem(rows: number, dims: number, seed: number) {
  const x = doubles(rows * dims, seed);
  const labels = Int32Array.from({ length: rows }, (_, row) => {
    const [a = 0, b = 0] = x.subarray(row * dims);
    return a * b + 0.5 * a > 0 ? 1 : 0;
  });
  return { x, labels };
}

const bitsOf = (values: Float64Array) => [...new BigUint64Array(values.buffer, values.byteOffset, values.length)];

async function libsvmValues(model: string, x: Float64Array, rows: number): Promise<Float64Array> {
  writeNpy(at("rows.npy"), x, [rows, x.length / rows]);
  await runReference("svm_decision_values.py", [model, at("rows.npy"), at("values.npy")]);
  return new Float64Array(readNpy(at("values.npy")).bytes.buffer);
}

const cases: [string, Omit<TrainSvmOptions, "rows" | "dims">][] = [
  ["linear", { kernel: "linear" }],
  ["linear with C = 30 and weights", { kernel: "linear", c: 30, classWeights: { real: 0.8, fake: 1.5 } }],
  ["rbf", { kernel: "rbf" }],
  ["rbf with C = 10 and gamma = 0.37", { kernel: "rbf", c: 10, gamma: 0.37 }],
  ["polynomial", { kernel: "polynomial", gamma: 0.4, coef0: 1, degree: 2 }],
  ["sigmoid", { kernel: "sigmoid", gamma: 0.1, coef0: -0.2 }],
  ["nu-SVC", { formulation: "nu-svc", nu: 0.4 }],
];

describe.skipIf(referencePython() === undefined)(`decision values beside libsvm's own (${withoutPython})`, () => {
  test.each(cases)("%s: equal in every bit on rows that it never saw", async (name, options) => {
    const { x, labels } = problem(90, 7, 1);
    const model = at(`${name.replaceAll(" ", "-")}.model`);
    const svm = await trainSvm(x, labels, { rows: 90, dims: 7, ...options });
    await svm.save(model);
    const unseen = doubles(200 * 7, 2);
    const ours = await svm.decisionValues(unseen, { rows: 200 });
    expect(new Set([...ours].map(Math.sign)).size).toBeGreaterThan(1);
    expect(bitsOf(ours)).toEqual(bitsOf(await libsvmValues(model, unseen, 200)));
    const again = await Svm.load(model);
    expect(bitsOf(await again.decisionValues(unseen, { rows: 200 }))).toEqual(bitsOf(ours));
  });

  test("a model whose first label is 0, or -1 for real: still positive = fake, still equal in every bit", async () => {
    const { x, labels } = problem(60, 5, 3);
    const svm = await trainSvm(x, labels, { rows: 60, dims: 5 });
    await svm.save(at("first.model"));
    const text = readFileSync(at("first.model"), "utf8");
    const [, order = ""] = /^label (.*)$/m.exec(text) ?? [];
    const unseen = doubles(50 * 5, 4);
    const asWritten = await svm.decisionValues(unseen, { rows: 50 });
    for (const respelt of [order.replace("0", "-1"), order.split(" ").reverse().join(" ")]) {
      writeFileSync(at("second.model"), text.replace(/^label .*$/m, `label ${respelt}`));
      const values = await (await Svm.load(at("second.model"))).decisionValues(unseen, { rows: 50 });
      expect(bitsOf(values)).toEqual(bitsOf(await libsvmValues(at("second.model"), unseen, 50)));
      const turned = respelt.startsWith("1") === order.startsWith("1") ? 1 : -1;
      expect(values).toEqual(asWritten.map((value) => turned * value));
    }
  });
});

describe("a trained SVM", () => {
  const rows = 60;
  const dims = 4;
  const data = { ...clusters(rows, dims, 5) };

  it("puts fakes above 0 and reals below where they lie apart", async () => {
    const { x, labels } = { x: data.x.map((value) => value * 0.4), labels: data.labels };
    for (let row = 0; row < rows; row++) x[row * dims + (labels[row] ?? 0)] = 3;
    for (const kernel of ["linear", "rbf"] as const) {
      const svm = await trainSvm(x, labels, { rows, dims, kernel });
      const values = await svm.decisionValues(x, { rows });
      expect([...values].map((value) => (value > 0 ? 1 : 0))).toEqual([...labels]);
    }
  });

  it("says its kernel, its dimension and its support vectors, which are rows that it saw", async () => {
    const svm = await trainSvm(data.x, data.labels, { rows, dims, kernel: "linear", c: 0.5 });
    expect([svm.kernel, svm.dims]).toEqual(["linear", dims]);
    expect(svm.supportVectors).toHaveLength(svm.supportVectorCount * dims);
    const seen = new Set(
      Array.from({ length: rows }, (_, row) => data.x.subarray(row * dims, (row + 1) * dims).join()),
    );
    for (let i = 0; i < svm.supportVectorCount; i++) {
      expect(seen).toContain(svm.supportVectors.subarray(i * dims, (i + 1) * dims).join());
    }
    expect((await trainSvm(data.x, data.labels, { rows, dims })).kernel).toBe("rbf");
  });

  it("takes float32 for the doubles they are", async () => {
    const wide = await trainSvm(Float64Array.from(data.x), data.labels, { rows, dims });
    const narrow = await trainSvm(data.x, data.labels, { rows, dims });
    const values = await narrow.decisionValues(data.x, { rows });
    expect(values).toEqual(await wide.decisionValues(Float64Array.from(data.x), { rows }));
  });

  it("comes back from its file with every bit: kernel, support vectors, values, and the file itself", async () => {
    for (const kernel of ["linear", "rbf"] as const) {
      const svm = await trainSvm(data.x, data.labels, { rows, dims, kernel, gamma: 1 / 3 });
      await svm.save(at("one.model"));
      const again = await Svm.load(at("one.model"));
      await again.save(at("two.model"));
      expect(readFileSync(at("two.model"), "utf8")).toBe(readFileSync(at("one.model"), "utf8"));
      expect([again.kernel, again.dims, again.supportVectorCount]).toEqual([kernel, dims, svm.supportVectorCount]);
      expect(again.supportVectors).toEqual(svm.supportVectors);
    }
  });

  it("weighs the classes so that the rare one counts as much, unless told otherwise", async () => {
    const few = Array.from({ length: rows }, (_, row) => row).filter((row) => row % 2 === 0 || row < 12);
    const x = Float32Array.from(few.flatMap((row) => [...data.x.subarray(row * dims, (row + 1) * dims)]));
    const labels = Int32Array.from(few, (row) => data.labels[row] ?? 0);
    const fakes = labels.reduce((sum, label) => sum + label, 0);
    const train = async (classWeights: TrainSvmOptions["classWeights"]) => {
      const svm = await trainSvm(x, labels, { rows: few.length, dims, ...(classWeights && { classWeights }) });
      return svm.decisionValues(x, { rows: few.length });
    };
    const n = few.length;
    const balanced = await train({ real: n / (2 * (n - fakes)), fake: n / (2 * fakes) });
    expect(await train(undefined)).toEqual(balanced);
    expect(await train("balanced")).toEqual(balanced);
    expect(await train({ real: 1, fake: 1 })).not.toEqual(balanced);
  });

  it("is the sum of its coefficients' kernels less rho", async () => {
    for (const first of [0, 1]) {
      const turned = Int32Array.from(data.labels, (label) => (label + first) % 2);
      const svm = await trainSvm(data.x, turned, { rows, dims, kernel: "polynomial", gamma: 0.5, coef0: 1, degree: 2 });
      const query = data.x.subarray(0, dims);
      const [value = 0] = await svm.decisionValues(query, { rows: 1 });
      const sum = svm.coefficients.reduce((total, coefficient, i) => {
        const dot = query.reduce((s, q, k) => s + q * (svm.supportVectors[i * dims + k] ?? 0), 0);
        return total + coefficient * (0.5 * dot + 1) ** 2;
      }, 0);
      expect(value).toBeCloseTo(sum - svm.rho, 10);
    }
  });

  it.each<[string, Partial<TrainSvmOptions>]>([
    ["linear", { kernel: "linear" }],
    ["polynomial", { kernel: "polynomial", gamma: 0.5, coef0: 1 }],
    ["rbf", { kernel: "rbf" }],
    ["sigmoid", { kernel: "sigmoid", gamma: 0.1 }],
  ])("gives nearly the same without exactness: %s", async (_name, options) => {
    const exact = await trainSvm(data.x, data.labels, { rows, dims, ...options });
    const values = await exact.decisionValues(data.x, { rows });
    const fast = await exact.decisionValues(data.x, { rows, exact: false });
    expect(Math.max(...values.map((value, i) => Math.abs(value - (fast[i] ?? Number.NaN))))).toBeLessThan(1e-4);
    const other = await trainSvm(data.x, data.labels, { rows, dims, epsilon: 1e-6, exact: false, ...options });
    const reference = await trainSvm(data.x, data.labels, { rows, dims, epsilon: 1e-6, ...options });
    const [a, b] = [await other.decisionValues(data.x, { rows }), await reference.decisionValues(data.x, { rows })];
    expect(Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))))).toBeLessThan(1e-3);
  });

  it("takes gamma = scale for 1 / (dims x variance)", async () => {
    const mean = data.x.reduce((sum, value) => sum + value, 0) / data.x.length;
    const variance = data.x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.x.length;
    const svm = await trainSvm(data.x, data.labels, { rows, dims, gamma: "scale" });
    expect(svm.gamma).toBeCloseTo(1 / (dims * variance), 12);
    expect(() => trainSvm(new Float32Array(rows * dims), data.labels, { rows, dims, gamma: "scale" })).toThrow(
      RangeError,
    );
  });

  it("learns from real rows alone what is unlike them", async () => {
    const real = data.x.filter((_, at) => data.labels[Math.floor(at / dims)] === 0);
    const count = real.length / dims;
    const svm = await trainSvm(real, new Int32Array(count), { rows: count, dims, formulation: "one-class", nu: 0.1 });
    expect(svm.formulation).toBe("one-class");
    const inside = await svm.decisionValues(real, { rows: count });
    // Those on the boundary lie within the solver's epsilon of it.
    expect(inside.filter((value) => value > 1e-3).length).toBeLessThan(0.2 * count);
    const [far = 0] = await svm.decisionValues(new Float32Array(dims).fill(9), { rows: 1 });
    expect(far).toBeGreaterThan(0);
    await expect(trainSvm(data.x, data.labels, { rows, dims, formulation: "one-class" })).rejects.toMatchObject({
      code: "ERR_UNREEL_ONE_CLASS",
    });
  });

  it("scores no row at all as none", async () => {
    const svm = await trainSvm(data.x, data.labels, { rows, dims });
    expect(await svm.decisionValues(new Float64Array(0), { rows: 0 })).toEqual(new Float64Array(0));
  });
});

describe("the solver", () => {
  // Labels that nothing explains: with a large C the solver would work for long.
  const rows = 600;
  const dims = 3;
  const x = Float32Array.from(doubles(rows * dims, 8), (value) => Math.fround(value % 1));
  const labels = Int32Array.from({ length: rows }, (_, row) => (row * 7919) % 2);
  const hard = { rows, dims, c: 1e7, epsilon: 1e-9 } as const;

  it("reports its iterations and its gap", async () => {
    const reports: { iterations: number; gap: number }[] = [];
    const running = trainSvm(x, labels, { ...hard, maxIterations: 5000, onProgress: (report) => reports.push(report) });
    await expect(running).rejects.toMatchObject({ code: "ERR_UNREEL_NOT_CONVERGED" });
    expect(reports.map(({ iterations }) => iterations)).toEqual([1000, 2000, 3000, 4000, 5000]);
    expect(reports.every(({ gap }) => gap > 0)).toBe(true);
  });

  it("stops at a limit of iterations or of seconds, saying how far it came", async () => {
    await expect(trainSvm(x, labels, { ...hard, maxIterations: 77 })).rejects.toMatchObject({
      code: "ERR_UNREEL_NOT_CONVERGED",
      details: { iterations: 77, gap: expect.any(Number) },
    });
    await expect(trainSvm(x, labels, { ...hard, maxSeconds: 0.01 })).rejects.toMatchObject({
      code: "ERR_UNREEL_NOT_CONVERGED",
    });
  });

  it("ends when the signal fires", async () => {
    const abort = new AbortController();
    const running = trainSvm(x, labels, { ...hard, signal: abort.signal, onProgress: () => abort.abort() });
    await expect(running).rejects.toMatchObject({ code: "ERR_UNREEL_ABORTED" });
    await expect(trainSvm(x, labels, { ...hard, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ERR_UNREEL_ABORTED",
    });
  });
});

describe("an SVM refuses", () => {
  const rows = 8;
  const dims = 3;
  const { x, labels } = clusters(rows, dims, 6);

  it.each([0, 1])("rows of class %i alone", async (label) => {
    await expect(trainSvm(x, new Int32Array(rows).fill(label), { rows, dims })).rejects.toMatchObject({
      code: "ERR_UNREEL_ONE_CLASS",
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("%s, naming row and column", async (value) => {
    const broken = Float64Array.from(x);
    broken[5 * dims + 2] = value;
    const error = { code: "ERR_UNREEL_NOT_FINITE", details: { row: 5, column: 2 } };
    await expect(trainSvm(broken, labels, { rows, dims })).rejects.toMatchObject(error);
    const svm = await trainSvm(x, labels, { rows, dims });
    await expect(svm.decisionValues(broken, { rows })).rejects.toMatchObject(error);
  });

  it.each<[string, () => Promise<unknown>, new () => Error]>([
    ["a plain array", () => trainSvm([1, 2, 3] as never, labels, { rows, dims }), TypeError],
    ["a label of -1", () => trainSvm(x, new Int32Array(rows).fill(-1), { rows, dims }), TypeError],
    ["an unknown kernel", () => trainSvm(x, labels, { rows, dims, kernel: "chi-squared" as never }), TypeError],
    ["rows that do not fit", () => trainSvm(x, labels, { rows: rows + 1, dims }), RangeError],
    ["labels that do not fit", () => trainSvm(x, new Int32Array(3), { rows, dims }), RangeError],
    ["C = 0", () => trainSvm(x, labels, { rows, dims, c: 0 }), RangeError],
    ["an infinite gamma", () => trainSvm(x, labels, { rows, dims, gamma: Number.POSITIVE_INFINITY }), RangeError],
    ["nu above 1", () => trainSvm(x, labels, { rows, dims, formulation: "nu-svc", nu: 1.5 }), RangeError],
    ["degree 0", () => trainSvm(x, labels, { rows, dims, kernel: "polynomial", degree: 0 }), RangeError],
    ["a cache of nothing", () => trainSvm(x, labels, { rows, dims, cacheMb: 0 }), RangeError],
    ["a weight of 0", () => trainSvm(x, labels, { rows, dims, classWeights: { real: 0, fake: 1 } }), RangeError],
  ])("%s", (_what, call, type) => {
    expect(call).toThrow(type);
    expect(call).toThrow(expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT" }));
  });

  it("numbers beyond float's range where it is to compute in float, naming row and column", async () => {
    const wide = Float64Array.from(x);
    wide[2 * dims + 1] = 1e39;
    const error = {
      code: "ERR_UNREEL_NOT_FINITE",
      details: { row: 2, column: 1 },
      message: expect.stringContaining("exact"),
    };
    await expect(trainSvm(wide, labels, { rows, dims, kernel: "linear", exact: false })).rejects.toMatchObject(error);
    const svm = await trainSvm(x, labels, { rows, dims });
    await expect(svm.decisionValues(wide, { rows, exact: false })).rejects.toMatchObject(error);
    expect(await svm.decisionValues(wide, { rows })).toHaveLength(rows);
    expect(() => svm.decisionValues(x, { rows, exact: "no" as never })).toThrow(TypeError);
  });

  it("rows of another length", async () => {
    const svm = await trainSvm(x, labels, { rows, dims });
    expect(() => svm.decisionValues(new Float64Array(dims + 1), { rows: 1 })).toThrow(RangeError);
  });

  it("a folder that is not there, and leaves nothing", async () => {
    const svm = await trainSvm(x, labels, { rows, dims });
    await expect(svm.save(at("none/svm.model"))).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_NOT_WRITABLE" });
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp") || name === "none")).toEqual([]);
  });
});

describe("an SVM's file is refused", () => {
  const text = [
    "svm_type c_svc",
    "kernel_type rbf",
    "gamma 0.5",
    "nr_class 2",
    "total_sv 2",
    "rho 0.25",
    "label 1 0",
    "nr_sv 1 1",
    "SV",
    "1 1:0.5 2:1",
    "-1 1:-1 2:0.25",
    "",
  ];
  const load = (lines: readonly string[]) => {
    writeFileSync(at("hand.model"), lines.join("\n"));
    return Svm.load(at("hand.model"));
  };
  const withLine = (line: number, replacement: string) => text.map((each, i) => (i === line - 1 ? replacement : each));

  it("never when it is sound: svm-train's own is read", async () => {
    const svm = await load(text);
    expect([svm.kernel, svm.dims, svm.supportVectorCount]).toEqual(["rbf", 2, 2]);
    const [value = 0] = await svm.decisionValues(Float64Array.of(0.5, 1), { rows: 1 });
    expect(value).toBeCloseTo(1 - Math.exp(-0.5 * (1.5 ** 2 + 0.75 ** 2)) - 0.25, 15);
  });

  it.each([
    ["another kind of machine", 1, "svm_type nu_svr"],
    ["a kernel that is no function of two rows", 2, "kernel_type precomputed"],
    ["a gamma that is no number", 3, "gamma half"],
    ["three classes", 4, "nr_class 3"],
    ["labels that are no classes of ours", 7, "label 3 7"],
    ["a coefficient that is no number", 10, "one 1:0.5 2:1"],
    ["a feature of NaN", 11, "-1 1:nan 2:0.25"],
    ["an index of 0", 10, "1 0:0.5 2:1"],
  ])("for %s, by line", async (_what, line, replacement) => {
    await expect(load(withLine(line, replacement))).rejects.toMatchObject({
      code: "ERR_UNREEL_SVM_INVALID",
      details: { path: at("hand.model"), line },
    });
  });

  it.each([
    ["a support vector fewer", [...text.slice(0, 10), ""]],
    ["a support vector more", [...text.slice(0, 11), "1 1:1 2:1", ""]],
    ["its last line cut", [...text.slice(0, 10), "-1 1:-1 2:0.2"]],
    ["no line", []],
  ])("for %s", async (_what, lines) => {
    await expect(load(lines)).rejects.toMatchObject({ code: "ERR_UNREEL_SVM_INVALID" });
  });

  it("when it is not there, and when it is a folder", async () => {
    await expect(Svm.load(at("nowhere.model"))).rejects.toMatchObject({ code: "ERR_UNREEL_NOT_FOUND" });
    await expect(Svm.load(folder)).rejects.toMatchObject({ code: "ERR_UNREEL_IS_A_DIRECTORY" });
  });
});
