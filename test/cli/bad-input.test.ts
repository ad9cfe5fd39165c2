// Everything that users feed by mistake: a coded error that says what, the documented exit code, nothing half-written.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { asset, haveAssets, withoutAssets } from "../support/assets.js";
import { jsonLines, runCli } from "../support/cli.js";
import { movingPicture, writeClip, writeTinyEncoder } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("bad-input");
const at = (name: string) => join(folder, name);
const haveFfmpeg = (() => {
  try {
    execFileSync("ffmpeg", ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

beforeAll(async () => {
  writeTinyEncoder(at("tiny.onnx"));
  execFileSync(process.execPath, ["dist/cli.js", "models", "make", "tiny", "--seed", "2", "--out", at("other.onnx")], {
    stdio: "ignore",
  });
  for (const [name, hue] of [
    ["a", 0],
    ["b", 40],
    ["c", 80],
    ["d", 120],
  ] as const)
    await writeClip(at(`${name}.mp4`), 12, { hue });
  await writeClip(at("one-frame.mp4"), 1);
  mkdirSync(at("folder"));
  writeFileSync(at("empty.mp4"), "");
  writeFileSync(at("text.mp4"), "this is no video, whatever its name says\n".repeat(50));
  const cut = readFileSync(at("a.mp4"));
  writeFileSync(at("cut.mp4"), cut.subarray(0, Math.floor(cut.length / 2)));
  const picture = Buffer.concat([Buffer.from("P6\n96 64\n255\n"), movingPicture(96, 64, 0)]);
  writeFileSync(at("still.ppm"), picture);
  if (haveFfmpeg) {
    execFileSync("ffmpeg", ["-v", "error", "-y", "-i", at("still.ppm"), at("still.png")]);
    execFileSync("ffmpeg", [
      "-v",
      "error",
      "-y",
      "-f",
      "lavfi",
      "-i",
      "sine=duration=1",
      "-c:a",
      "aac",
      at("audio.mp4"),
    ]);
  }
  const manifest = [
    "path,label,split,group",
    "a.mp4,real,train,g1",
    "b.mp4,fake,train,g1",
    "c.mp4,real,train,g2",
    "d.mp4,fake,train,g2",
  ];
  writeFileSync(at("manifest.csv"), `${manifest.join("\n")}\n`);
  const extract = await runCli([
    "extract",
    "--manifest",
    at("manifest.csv"),
    "--encoder",
    at("tiny.onnx"),
    "--out",
    at("features"),
    "--count",
    "4",
  ]);
  expect(extract.status, extract.stderr).toBe(0);
  const head = await runCli([
    "train",
    "head",
    at("features"),
    "--out",
    at("detector"),
    "--validation",
    "0.5",
    "--epochs",
    "2",
    "--dim",
    "8",
  ]);
  expect(head.status, head.stderr).toBe(0);
  const svm = await runCli(["train", "svm", at("features"), "--detector", at("detector")]);
  expect(svm.status, svm.stderr).toBe(0);
});

describe("one bad video", () => {
  const cases: [string, string][] = [
    ["missing.mp4", "ERR_UNREEL_NOT_FOUND"],
    ["folder", "ERR_UNREEL_IS_A_DIRECTORY"],
    ["empty.mp4", "ERR_UNREEL_EMPTY_FILE"],
    ["text.mp4", "ERR_UNREEL_NOT_MEDIA"],
    ["cut.mp4", "ERR_UNREEL_TRUNCATED"],
    ...(haveFfmpeg ? [["audio.mp4", "ERR_UNREEL_NO_VIDEO"] as [string, string]] : []),
  ];

  test.each(cases)("sample %s: %s, exit 1, no output file", async (name, code) => {
    const result = await runCli(["sample", at(name), "--count", "4", "--out", at("pixels.npy")]);
    expect(result.status, result.stderr).toBe(1);
    expect(jsonLines(result.stdout)).toMatchObject([{ ok: false, input: at(name), error: { code } }]);
    expect(result.stderr).toContain(code);
    expect(readdirSync(folder).filter((each) => each.includes("pixels") || each.endsWith(".tmp"))).toEqual([]);
  });

  test.each(cases)("scan %s beside a good one: %s, exit 1, the good one is judged", async (name, code) => {
    const result = await runCli(["scan", at(name), at("a.mp4"), "--detector", at("detector"), "--jsonl"]);
    expect(result.status, result.stderr).toBe(1);
    const lines = jsonLines(result.stdout);
    expect(lines).toHaveLength(2);
    expect(lines).toContainEqual(expect.objectContaining({ ok: false, input: at(name) }));
    expect(lines.find((line) => line.ok === false)).toMatchObject({ error: { code } });
    expect(lines.find((line) => line.ok === true)).toMatchObject({ input: at("a.mp4") });
  });

  test("a video of one frame is sampled, said so, and its verdict is an abstention without a score", async () => {
    const sampled = await runCli(["sample", at("one-frame.mp4"), "--count", "4"]);
    expect(sampled.status, sampled.stderr).toBe(0);
    expect(jsonLines(sampled.stdout)).toHaveLength(1);
    expect(sampled.stderr).toContain("every frame is taken once");
    const scanned = await runCli(["scan", at("one-frame.mp4"), "--detector", at("detector"), "--jsonl"]);
    expect(scanned.status, scanned.stderr).toBe(0);
    const [line] = jsonLines(scanned.stdout);
    expect(line).toMatchObject({ ok: true, verdict: "inconclusive", reason: "too-few-frames" });
    expect(line).not.toHaveProperty("score");
  });

  test.skipIf(!haveFfmpeg)("a still image is a video of one frame", async () => {
    const result = await runCli(["sample", at("still.png"), "--count", "4"]);
    expect(result.status, result.stderr).toBe(0);
    expect(jsonLines(result.stdout)).toMatchObject([{ frame: 0, width: 96, height: 64 }]);
  });
});

describe("a bad encoder", () => {
  const extract = (encoder: string, out: string) =>
    runCli(["extract", at("a.mp4"), "--encoder", encoder, "--out", out, "--count", "4"]);

  test.skipIf(!haveAssets)(`an ONNX file of another kind${haveAssets ? "" : ` (${withoutAssets})`}`, async () => {
    const result = await extract(asset("models/face_detection_yunet_2023mar.onnx"), at("f1"));
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/ERR_UNREEL_MODEL_CONTRACT.*/);
    expect(readdirSync(folder)).not.toContain("f1");
  });

  test("a garbled ONNX file", async () => {
    writeFileSync(at("garbled.onnx"), readFileSync(at("tiny.onnx")).fill(0xa5, 1000, 200_000));
    const result = await extract(at("garbled.onnx"), at("f2"));
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("ERR_UNREEL_MODEL_INVALID");
    expect(readdirSync(folder)).not.toContain("f2");
  });

  test("no such file: exit 4 and the command that makes one", async () => {
    const result = await extract(at("none.onnx"), at("f3"));
    expect(result.status).toBe(4);
    expect(result.stderr).toContain("ERR_UNREEL_MODEL_NOT_FOUND");
    expect(result.stderr).toContain("unreel models make");
  });
});

describe("things that do not belong together", () => {
  test("a store made with another encoder is refused", async () => {
    const result = await runCli([
      "extract",
      at("a.mp4"),
      "--encoder",
      at("other.onnx"),
      "--out",
      at("features"),
      "--count",
      "4",
    ]);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("ERR_UNREEL_FINGERPRINT_MISMATCH");
    expect(result.stderr).toContain("encoders.0.sha256");
  });

  test("a store made with another sampling is refused", async () => {
    const result = await runCli([
      "extract",
      at("a.mp4"),
      "--encoder",
      at("tiny.onnx"),
      "--out",
      at("features"),
      "--count",
      "5",
    ]);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/ERR_UNREEL_FINGERPRINT_MISMATCH.*count/);
  });

  test("a detector does not take features of another encoder", async () => {
    const args = [
      "--manifest",
      at("manifest.csv"),
      "--encoder",
      at("other.onnx"),
      "--out",
      at("other-features"),
      "--count",
      "4",
    ];
    expect((await runCli(["extract", ...args])).status).toBe(0);
    const result = await runCli(["train", "svm", at("other-features"), "--detector", at("detector")]);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("ERR_UNREEL_FINGERPRINT_MISMATCH");
  });

  test("a detector does not run on another encoder", async () => {
    const result = await runCli(["scan", at("a.mp4"), "--detector", at("detector"), "--encoder", at("other.onnx")]);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("ERR_UNREEL_FINGERPRINT_MISMATCH");
  });

  test("testing on the training videos is a refused leak", async () => {
    const result = await runCli([
      "evaluate",
      at("features"),
      "--detector",
      at("detector"),
      "--split",
      "train",
      "--out",
      at("leak-report"),
    ]);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("ERR_UNREEL_SPLIT_LEAK");
  });
});

describe("a damaged detector folder", () => {
  const copy = (name: string) => {
    execFileSync("cp", ["-r", at("detector"), at(name)]);
    return at(name);
  };
  const scan = (detector: string) => runCli(["scan", at("a.mp4"), "--detector", detector]);

  test.each(["svm.model", "head.safetensors", "detector.json"])("without %s", async (file) => {
    const detector = copy(`without-${file}`);
    execFileSync("rm", [join(detector, file)]);
    const result = await scan(detector);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("ERR_UNREEL_DETECTOR_INVALID");
    expect(result.stderr).toContain(file);
  });

  test.each(["svm.model", "head.safetensors", "detector.json"])("with %s cut off", async (file) => {
    const detector = copy(`cut-${file}`);
    truncateSync(join(detector, file), 60);
    const result = await scan(detector);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("ERR_UNREEL_DETECTOR_INVALID");
    expect(result.stderr).toContain(file);
  });

  test("no such folder", async () => {
    const result = await scan(at("no-detector"));
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("ERR_UNREEL_NOT_FOUND");
  });
});

describe("training data that cannot train", () => {
  test("one class", async () => {
    writeFileSync(at("one-class.csv"), "path,label,split,group\na.mp4,real,train,g1\nc.mp4,real,train,g2\n");
    const args = [
      "--manifest",
      at("one-class.csv"),
      "--encoder",
      at("tiny.onnx"),
      "--out",
      at("one-class"),
      "--count",
      "4",
    ];
    expect((await runCli(["extract", ...args])).status).toBe(0);
    const result = await runCli(["train", "head", at("one-class"), "--out", at("one-class-detector")]);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("ERR_UNREEL_ONE_CLASS");
  });
});

describe("outputs that cannot be written", () => {
  test("a folder that holds something else", async () => {
    mkdirSync(at("mine"));
    writeFileSync(at("mine/letter.txt"), "dear");
    for (const args of [
      ["extract", at("a.mp4"), "--encoder", at("tiny.onnx"), "--out", at("mine")],
      ["train", "head", at("features"), "--out", at("mine")],
      ["evaluate", at("features"), "--detector", at("detector"), "--out", at("mine")],
    ]) {
      const result = await runCli(args);
      expect(result.status, args[0]).toBe(1);
      expect(result.stderr, args[0]).toContain("ERR_UNREEL_OUTPUT_EXISTS");
    }
    expect(readdirSync(at("mine"))).toEqual(["letter.txt"]);
  });

  test("a read-only folder", async () => {
    mkdirSync(at("read-only"));
    chmodSync(at("read-only"), 0o555);
    chmodSync(folder, 0o755);
    // Root may write anywhere, so root runs the command as nobody.
    const options = process.getuid?.() === 0 ? { uid: 65534 } : {};
    for (const args of [
      ["extract", at("a.mp4"), "--encoder", at("tiny.onnx"), "--out", at("read-only/features")],
      ["train", "head", at("features"), "--out", at("read-only/detector")],
      ["models", "make", "tiny", "--out", at("read-only/tiny.onnx")],
      ["sample", at("a.mp4"), "--count", "2", "--out", at("read-only/pixels.npy")],
    ]) {
      const result = await runCli(args, options);
      expect(result.status, `${args[0]}: ${result.stderr}`).toBe(1);
      expect(result.stderr, args[0]).toContain("ERR_UNREEL_OUTPUT_NOT_WRITABLE");
    }
    expect(readdirSync(at("read-only"))).toEqual([]);
  });
});

describe("wrong usage: exit 2", () => {
  test.each([
    [["frobnicate"]],
    [["sample"]],
    [["sample", "a.mp4", "--count", "0"]],
    [["sample", "a.mp4", "--count", "3", "--fps", "2"]],
    [["extract", "a.mp4", "--encoder", "tiny.onnx"]],
    [["extract", "a.mp4", "--encoder", "tiny.onnx", "--out", "x", "--shard", "3/3"]],
    [["train", "svm", "features", "--detector", "d", "--c", "-1"]],
  ])("%j", async (args) => {
    const result = await runCli(args, { cwd: folder });
    expect(result.status, result.stderr).toBe(2);
    expect(result.stderr).not.toBe("");
    expect(result.stdout).toBe("");
  });
});
