// `unreel train head` that is interrupted, killed and run again, on one thread and two: the same bytes.
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createOrOpenStore, openStore, ProjectionHead } from "../../src/index.js";
import { Random } from "../../src/random.js";
import { jsonLines, runCli } from "../support/cli.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("cli-train-head");
const at = (...names: readonly string[]) => join(folder, ...names);
const dimension = 64;
const features = at("features");

/** Sources of a real video and two fakes of it, five frames each; fakes differ in eight numbers. */
beforeAll(async () => {
  const random = new Random(7);
  const noise = () => random.below(2_000_000) / 1_000_000 - 1;
  const fingerprint = { encoders: [{ sha256: "ab12", dimension }], count: 5 };
  const store = await createOrOpenStore(features, { dimension, fingerprint });
  await using writer = await store.writer();
  let number = 0;
  for (let source = 0; source < 40; source++) {
    const scene = Float32Array.from({ length: dimension }, noise);
    for (const label of [0, 1, 1] as const) {
      const frames = [0, 1, 2, 3, 4].map((frame) => ({ frame, ptsUs: frame * 40_000 }));
      const shift = (i: number) => (label === 1 && i < 8 ? 0.7 : 0);
      const embeddings = Float32Array.from(
        { length: 5 * dimension },
        (_, i) => (scene[i % dimension] ?? 0) + shift(i % dimension) + noise(),
      );
      const id = `${source}-${number++}`;
      await writer.add({ id, uri: id, label, group: `g${source}`, split: "train", frames, embeddings });
    }
  }
});

const settings = [
  "--dim",
  "32",
  "--batch",
  "64",
  "--seed",
  "5",
  "--patience",
  "0",
  "--head",
  "mlp",
  "--dropout",
  "0.1",
];

function trainHead(out: string, ...more: readonly string[]): readonly string[] {
  return ["train", "head", features, "--out", at(out), "--epochs", "60", ...settings, ...more];
}

const head = (out: string) => readFileSync(at(out, "head.safetensors"));

/** Sends a signal when the third checkpoint has taken its name. */
function signalOnCheckpoint(out: string, signal: NodeJS.Signals) {
  mkdirSync(at(out), { recursive: true });
  return (child: ChildProcess) => {
    let seen = 0;
    const watcher = watch(at(out), (_event, file) => {
      if (file !== "checkpoint.safetensors" || ++seen < 3) return;
      watcher.close();
      child.kill(signal);
    });
    child.on("close", () => watcher.close());
  };
}

describe("train head", () => {
  it("killed and run again, on one thread and on two, writes the same head byte for byte", async () => {
    const whole = await runCli(trainHead("whole", "--threads", "2"));
    expect(whole.stderr).toMatch(/Epoch \d+ of 60 was kept/);
    expect(whole.status).toBe(0);
    expect(existsSync(at("whole", "checkpoint.safetensors"))).toBe(false);

    const killed = await runCli(trainHead("killed", "--threads", "1"), {
      onStart: signalOnCheckpoint("killed", "SIGKILL"),
    });
    expect(killed.signal).toBe("SIGKILL");
    expect(existsSync(at("killed", "head.safetensors"))).toBe(false);
    const again = await runCli(trainHead("killed", "--threads", "1"));
    expect(again.stderr).toMatch(/Going on from .*checkpoint\.safetensors: \d+ epochs are done/);
    expect(again.status).toBe(0);
    expect(head("killed").equals(head("whole"))).toBe(true);
    expect(readFileSync(at("killed", "history.json"))).toEqual(readFileSync(at("whole", "history.json")));
    expect(readFileSync(at("killed", "detector.json"))).toEqual(readFileSync(at("whole", "detector.json")));
  });

  it("keeps the best head so far at Ctrl-C, exits with 130, and goes on when it is run again", async () => {
    const stopped = await runCli(trainHead("stopped"), { onStart: signalOnCheckpoint("stopped", "SIGINT") });
    expect(stopped.status).toBe(130);
    expect(stopped.stderr).toContain("it was interrupted; the same command goes on");
    expect(stopped.stderr).not.toContain("Next:");
    const kept = await ProjectionHead.load(at("stopped", "head.safetensors"));
    expect(kept.kind).toBe("mlp");
    const { epochs, end } = JSON.parse(readFileSync(at("stopped", "history.json"), "utf8"));
    expect(epochs.length).toBeLessThan(60);
    expect(end).toBe("stopped");
    const again = await runCli(trainHead("stopped"));
    expect(again.status).toBe(0);
    expect(head("stopped").equals(head("whole"))).toBe(true);
  });

  it("says in JSON and in history.json how it went, and writes the head as ONNX", async () => {
    const { status, stdout, stderr } = await runCli([
      ...["train", "head", features, "--out", at("told"), "--epochs", "12", "--loss", "triplet", "--term", "hinge"],
      ...["--onnx", at("told.onnx"), "--patience", "0"],
    ]);
    expect(status).toBe(0);
    const [line] = jsonLines(stdout);
    const history = JSON.parse(readFileSync(at("told", "history.json"), "utf8"));
    expect(line).toMatchObject({ kind: "linear", inputDimension: 64, dimension: 128, bestEpoch: history.bestEpoch });
    expect(line).toMatchObject({ detector: at("told"), epochs: 12, end: "finished" });
    expect(stderr).toContain(`Next: unreel train svm ${features} --detector ${at("told")}\n`);
    expect(history.epochs).toHaveLength(12);
    expect(Object.keys(history.epochs[0])).toEqual(
      expect.arrayContaining(["loss", "validationLoss", "auc", "meanCosine", "alignment", "uniformity", "temperature"]),
    );
    expect(existsSync(at("told.onnx"))).toBe(true);
    const { metadata } = await ProjectionHead.load(at("told", "head.safetensors"));
    expect(metadata).toMatchObject({ loss: "triplet", term: "hinge" });
    const store = await openStore(features);
    expect((await store.describe()).rows).toBe(600);
  });

  it.each<[string, readonly string[], RegExp]>([
    ["a margin for supcon", ["--margin", "0.5"], /options\.margin is no option of the loss supcon/],
    ["a temperature to learn for triplet", ["--loss", "triplet", "--learn-temperature"], /learnTemperature/],
    ["an unknown loss", ["--loss", "arcface"], /supcon, align-uniform/],
    ["hidden units of a linear head", ["--head", "linear", "--hidden", "8"], /options\.hidden has no meaning/],
    ["a dropout of 1", ["--dropout", "1"], /below 1/],
  ])("refuses %s with exit 2", async (_what, more, message) => {
    const { status, stderr } = await runCli(trainHead("refused", ...more));
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it("refuses an ONNX target before it trains", async () => {
    writeFileSync(at("mine.onnx"), "somebody's weights");
    for (const [target, code] of [
      [at("mine.onnx"), "ERR_UNREEL_OUTPUT_EXISTS"],
      [at("nowhere", "head.onnx"), "ERR_UNREEL_OUTPUT_NOT_WRITABLE"],
    ] as const) {
      const { status, stderr } = await runCli(trainHead("untrained", "--onnx", target));
      expect(status).not.toBe(0);
      expect(stderr).toContain(code);
    }
    expect(existsSync(at("untrained"))).toBe(false);
    expect(readFileSync(at("mine.onnx"), "utf8")).toBe("somebody's weights");
  });

  it("tells a collapsed run apart", async () => {
    const alike = ["--head", "linear", "--dropout", "0", "--loss", "align-uniform", "--uniform-weight", "0"];
    const { status, stderr } = await runCli(trainHead("collapsed", ...alike, "--learning-rate", "0.05"));
    expect(status).toBe(1);
    expect(stderr).toContain("ERR_UNREEL_COLLAPSED");
    expect(stderr).not.toContain("checkpoint.safetensors");
    expect(existsSync(at("collapsed", "detector.json"))).toBe(false);
  });

  it("tells a diverged run where its last good state is", async () => {
    const wild = ["--learning-rate", "1", "--weight-decay", "3.2", "--warm-up", "0"];
    const { status, stderr } = await runCli(trainHead("diverged", ...wild));
    expect(status).toBe(1);
    expect(stderr).toMatch(/ERR_UNREEL_DIVERGED.*checkpoint\.safetensors/s);
    expect(existsSync(at("diverged", "checkpoint.safetensors"))).toBe(true);
    expect(existsSync(at("diverged", "detector.json"))).toBe(false);
  });
});
