// Files that go to libsvm's own programs and Python package, and come from them.
import { execFile, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { Svm, trainSvm } from "../../src/training/svm.js";
import { readSvmData, writeSvmData } from "../../src/training/svm-data.js";
import type { TrainSvmOptions } from "../../src/training/svm-options.js";
import { temporaryFolder } from "../support/folders.js";
import { readNpy, writeNpy } from "../support/npy.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { clusters } from "./clusters.js";

const execute = promisify(execFile);
const folder = temporaryFolder("svm-programs");
const at = (name: string) => join(folder, name);

/** Both programs answer with their usage when they are called without arguments. */
const havePrograms = ["svm-train", "svm-predict"].every((name) => spawnSync(name).error === undefined);
const withoutPrograms = "needs svm-train and svm-predict: Debian's libsvm-tools";

const dims = 12;
const unseenRows = 400;

const kinds: [string, Omit<TrainSvmOptions, "rows" | "dims">, string[]][] = [
  ["linear", { kernel: "linear", classWeights: { real: 1, fake: 1 } }, ["-t", "0"]],
  [
    "polynomial",
    { kernel: "polynomial", degree: 3, gamma: 0.2, coef0: 1, classWeights: { real: 1, fake: 1 } },
    ["-t", "1", "-d", "3", "-g", "0.2", "-r", "1"],
  ],
  [
    "rbf",
    { kernel: "rbf", gamma: 0.37, c: 5, classWeights: { real: 1, fake: 1 } },
    ["-t", "2", "-g", "0.37", "-c", "5"],
  ],
  [
    "sigmoid",
    { kernel: "sigmoid", gamma: 0.05, coef0: -0.5, classWeights: { real: 1, fake: 1 } },
    ["-t", "3", "-g", "0.05", "-r", "-0.5"],
  ],
  ["nu-svc", { formulation: "nu-svc", nu: 0.3, gamma: 0.2 }, ["-s", "1", "-n", "0.3", "-g", "0.2"]],
  ["one-class", { formulation: "one-class", nu: 0.2, gamma: 0.2 }, ["-s", "2", "-n", "0.2", "-g", "0.2"]],
];

/** Two clusters that overlap, so that not every decision is plain; of one class, its real rows alone. */
function problem(rows: number, seed: number, oneClass = false) {
  const { x, labels } = clusters(rows, dims, seed);
  const wide = Float64Array.from(x);
  if (!oneClass) return { x: wide, labels, rows, dims };
  const real = [...labels.keys()].filter((row) => labels[row] === 0);
  const kept = Float64Array.from(real.flatMap((row) => [...wide.subarray(row * dims, (row + 1) * dims)]));
  return { x: kept, labels: new Int32Array(real.length), rows: real.length, dims };
}

const unseen = problem(unseenRows, 2);

/** The labels that libsvm's programs give to decision values: of one class 1 is inside, which is real. */
function decisions(values: Float64Array, [real, fake]: readonly [number, number]): number[] {
  return [...values].map((value) => (value > 0 ? fake : real));
}

async function predict(model: string, ...options: string[]): Promise<string> {
  await execute("svm-predict", [...options, at("unseen.txt"), model, at("predicted.txt")]);
  return readFileSync(at("predicted.txt"), "utf8");
}

const numbersOf = (text: string) => text.trimEnd().split("\n").map(Number);

describe.skipIf(!havePrograms)(`libsvm's programs (${withoutPrograms})`, () => {
  test.each(kinds)("svm-predict decides as %s that was trained here", async (name, options) => {
    const oneClass = name === "one-class";
    const data = problem(200, 1, oneClass);
    const svm = await trainSvm(data.x, data.labels, { rows: data.rows, dims, ...options });
    await svm.save(at(`ours-${name}.model`));
    await writeSvmData(at("unseen.txt"), unseen);
    const ours = decisions(await svm.decisionValues(unseen.x, { rows: unseenRows }), oneClass ? [1, -1] : [0, 1]);
    expect(new Set(ours).size).toBe(2);
    expect(numbersOf(await predict(at(`ours-${name}.model`)))).toEqual(ours);
  });

  test.each(kinds)("a model of svm-train, %s, decides here as in svm-predict", async (name, _, options) => {
    const oneClass = name === "one-class";
    await writeSvmData(at("train.txt"), problem(200, 1, oneClass));
    await writeSvmData(at("unseen.txt"), unseen);
    await execute("svm-train", ["-q", ...options, at("train.txt"), at("theirs.model")]);
    const svm = await Svm.load(at("theirs.model"));
    const ours = decisions(await svm.decisionValues(unseen.x, { rows: unseenRows }), oneClass ? [1, -1] : [0, 1]);
    expect(new Set(ours).size).toBe(2);
    expect(numbersOf(await predict(at("theirs.model")))).toEqual(ours);
  });

  const orders: [string, string, string][] = [
    ["real first, as 0", "0", "1"],
    ["fake first", "0", "1"],
    ["real first, as -1", "-1", "+1"],
    ["fake first, beside -1", "-1", "+1"],
  ];
  test.each(orders)("whatever order and names the labels have: %s", async (name, real, fake) => {
    const first = name.startsWith("fake") ? "1" : "0";
    await writeSvmData(at("train.txt"), problem(200, 3));
    const lines = readFileSync(at("train.txt"), "utf8").trimEnd().split("\n");
    const sorted = [...lines.filter((line) => line[0] === first), ...lines.filter((line) => line[0] !== first)];
    const named = sorted.map((line) => (line.startsWith("1") ? fake : real) + line.slice(1));
    writeFileSync(at("train.txt"), `${named.join("\n")}\n`);
    expect((await readSvmData(at("train.txt"))).labels[0]).toBe(Number(first));
    await writeSvmData(at("unseen.txt"), unseen);
    await execute("svm-train", ["-q", "-g", "0.37", "-b", "1", at("train.txt"), at("theirs.model")]);
    const svm = await Svm.load(at("theirs.model"));
    const values = await svm.decisionValues(unseen.x, { rows: unseenRows });
    expect(numbersOf(await predict(at("theirs.model")))).toEqual(decisions(values, [Number(real), 1]));

    await svm.save(at("kept.model"));
    const probabilities = await predict(at("theirs.model"), "-b", "1");
    expect(probabilities.split("\n")[0]).toMatch(/^labels /);
    expect(await predict(at("kept.model"), "-b", "1")).toBe(probabilities);
    const [head = "", ...answers] = probabilities.trimEnd().split("\n");
    const column = head.split(" ").indexOf("1");
    const ours = await svm.probabilities(unseen.x, { rows: unseenRows });
    for (const [row, line] of answers.entries()) {
      const printed = line.split(" ");
      expect(Number(printed[0]) === 1).toBe((ours[row] ?? 0) > 0.5);
      expect(ours[row]).toBeCloseTo(Number(printed[column]), 5);
    }
  });
});

describe.skipIf(referencePython() === undefined)(`libsvm's Python package (${withoutPython})`, () => {
  test.each(kinds)("gives the decision values of %s in every bit", async (name, options) => {
    const data = problem(200, 1, name === "one-class");
    const svm = await trainSvm(data.x, data.labels, { rows: data.rows, dims, ...options });
    await svm.save(at("ours.model"));
    writeNpy(at("rows.npy"), unseen.x, [unseenRows, dims]);
    await runReference("svm_decision_values.py", [at("ours.model"), at("rows.npy"), at("values.npy")]);
    const theirs = new BigUint64Array(readNpy(at("values.npy")).bytes.buffer);
    const ours = await svm.decisionValues(unseen.x, { rows: unseenRows });
    expect([...new BigUint64Array(ours.buffer, ours.byteOffset, ours.length)]).toEqual([...theirs]);
  });
});
