// The whole flow on real clips, through the command line.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { asset, haveAssets, withoutAssets } from "../support/assets.js";
import { jsonLines, runCli } from "../support/cli.js";
import { writeTinyEncoder } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("scan");
const at = (name: string) => join(folder, name);

async function unreel(...args: string[]): Promise<void> {
  const result = await runCli(args);
  expect(result.status, `${args.join(" ")}\n${result.stderr}`).toBe(0);
}

describe.skipIf(!haveAssets)(`from footage to verdicts${haveAssets ? "" : ` (${withoutAssets})`}`, () => {
  const clips = haveAssets
    ? readdirSync(asset("faces"))
        .filter((name) => name.endsWith(".mkv"))
        .map((name) => asset("faces", name))
    : [];

  beforeAll(async () => {
    writeTinyEncoder(at("tiny.onnx"));
    await unreel("synth", ...clips, "--out", at("dataset"), "--clips", "24", "--seconds", "1");
    await unreel(
      "extract",
      at("dataset"),
      "--dataset",
      "celeb-df-v2",
      "--encoder",
      at("tiny.onnx"),
      "--out",
      at("features"),
      "--count",
      "8",
    );
    await unreel("train", "head", at("features"), "--out", at("detector"), "--epochs", "5", "--dim", "16");
    await unreel("train", "svm", at("features"), "--detector", at("detector"));
    await unreel("evaluate", at("features"), "--detector", at("detector"), "--split", "test", "--out", at("report"));
  });

  test("one line a clip, each a verdict with score, threshold and fingerprint", async () => {
    const result = await runCli(["scan", ...clips, "--detector", at("detector"), "--jsonl"]);
    expect(result.status, result.stderr).toBe(0);
    const lines = jsonLines(result.stdout);
    expect(lines.map((line) => line.input).sort()).toEqual([...clips].sort());
    for (const line of lines) {
      expect(line).toMatchObject({
        ok: true,
        verdict: expect.stringMatching(/^(fake|real)$/),
        score: expect.any(Number),
        threshold: { name: "eer", value: expect.any(Number), fpr: expect.any(Number) },
        quality: { framesUsed: 8, framesSkipped: {} },
        model: { id: expect.stringMatching(/^[0-9a-f]{16}$/), fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) },
      });
      expect(line.frames).toHaveLength(8);
    }
  });

  test("a broken file among them: the good ones are judged, one {ok:false}, exit 1", async () => {
    writeFileSync(at("broken.mkv"), Buffer.alloc(5000, 0x55));
    const result = await runCli(["scan", ...clips, at("broken.mkv"), "--detector", at("detector"), "--jsonl"]);
    expect(result.status, result.stderr).toBe(1);
    const lines = jsonLines(result.stdout);
    expect(lines.filter((line) => line.ok === true)).toHaveLength(clips.length);
    expect(lines.filter((line) => line.ok === false)).toMatchObject([
      { input: at("broken.mkv"), error: { code: "ERR_UNREEL_NOT_MEDIA" } },
    ]);
  });

  test("the same clip twice gives the same score, whatever shares its batches", async () => {
    const [first = ""] = clips;
    const alone = await runCli(["scan", first, "--detector", at("detector"), "--jsonl"]);
    const among = await runCli(["scan", ...clips, "--detector", at("detector"), "--jsonl", "--batch", "5"]);
    const [score] = jsonLines(alone.stdout);
    expect(jsonLines(among.stdout).find((line) => line.input === first)).toMatchObject({
      score: score?.score,
      frames: score?.frames,
    });
  });

  test("a list on stdin, one JSON document, --fail-on", async () => {
    const result = await runCli(
      ["scan", "--from-file", "-", "-0", "--detector", at("detector"), "--json", "--fail-on", "fake"],
      {
        stdin: clips.slice(0, 3).join("\0"),
      },
    );
    const verdicts = JSON.parse(result.stdout) as { verdict: string }[];
    expect(verdicts).toHaveLength(3);
    expect(result.status).toBe(verdicts.some(({ verdict }) => verdict === "fake") ? 3 : 0);
  });

  test("--threshold takes a name or a score, --prevalence a share; what the detector has not is refused", async () => {
    const [clip = ""] = clips;
    const scan = (...options: string[]) => runCli(["scan", clip, "--detector", at("detector"), "--jsonl", ...options]);
    const lines = async (...options: string[]) => jsonLines((await scan(...options)).stdout)[0];
    expect(await lines("--threshold", "convenience")).toMatchObject({ threshold: { name: "fpr-0", fpr: 0 } });
    expect(await lines("--threshold", "-1e9")).toMatchObject({
      verdict: "fake",
      threshold: { name: "given", value: -1e9 },
    });
    const description = JSON.parse(readFileSync(join(at("detector"), "detector.json"), "utf8"));
    expect(description.thresholds[0]).toMatchObject({ name: "eer", chosenOn: "validation" });
    const refused = async (...options: string[]) => {
      const { status, stdout, stderr } = await scan(...options);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      return stderr;
    };
    expect(await refused("--threshold", "strict")).toContain("convenience, balanced, security");
    expect(await refused("--prevalence", "1")).toContain("below 1");
    expect((await scan("--threshold", "fpr-1")).stderr).toContain("ERR_UNREEL_TOO_FEW_REAL");
  });

  test("the report's files are all there", () => {
    expect(readdirSync(at("report")).sort()).toEqual(["frames.csv", "metrics.json", "report.html", "videos.csv"]);
  });
});
