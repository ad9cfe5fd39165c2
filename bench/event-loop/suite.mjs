// How long JavaScript has to wait while videos are scanned, beside the same number of frames through onnxruntime-node.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { root } from "../../scripts/lib/root.mjs";
import { run, say } from "../../scripts/lib/run.mjs";
import { spread } from "../lib/spread.mjs";

const rounds = 5;

/** Clips of people; the same in both contenders. */
function clips() {
  const folder = join(resolve(process.env.UNREEL_ASSETS ?? join(root, "../shared/assets")), "faces");
  if (!existsSync(folder)) throw new Error("this suite needs the clips in ../shared/assets (or UNREEL_ASSETS)");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".mkv"))
    .map((name) => join(folder, name));
}

async function measure(contender, args) {
  const program = join(root, "bench/event-loop", `${contender}.mjs`);
  return JSON.parse(await run(process.execPath, [program, ...args], { cwd: root, capture: true }));
}

/** A detector trained on blended twins of the clips: the verdict does not matter here, the work does. */
async function prepare(folder) {
  const cli = (...args) => run(process.execPath, [join(root, "dist/cli.js"), ...args], { cwd: folder, capture: true });
  await cli("models", "make", "vit-b-32", "--out", "encoder.onnx");
  await cli("synth", ...clips(), "--out", "dataset", "--clips", "12", "--seconds", "1");
  await cli(
    "extract",
    "dataset",
    "--dataset",
    "celeb-df-v2",
    "--encoder",
    "encoder.onnx",
    "--out",
    "features",
    "--count",
    "8",
  );
  await cli("train", "head", "features", "--out", "detector", "--epochs", "2");
  await cli("train", "svm", "features", "--detector", "detector");
}

export async function runSuite() {
  const folder = mkdtempSync(join(tmpdir(), "unreel-bench-"));
  try {
    say("preparing a detector");
    await prepare(folder);
    const version = JSON.parse(readFileSync(join(root, "node_modules/onnxruntime-node/package.json"), "utf8")).version;
    const contenders = [
      { name: "idle", program: "idle", args: [] },
      { name: "unreel scanMany", program: "unreel", args: [join(folder, "detector"), ...clips()] },
      {
        name: `onnxruntime-node ${version}`,
        program: "onnxruntime-node",
        args: [join(folder, "encoder.onnx"), String(clips().length * 8)],
      },
    ];
    const seen = new Map(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const { name, program, args } of contenders) seen.get(name).push(await measure(program, args));
      say(`round ${round + 1} of ${rounds}`);
    }
    const rows = contenders.map(({ name }) => {
      const results = seen.get(name);
      const max = spread(results.map((result) => result.maxMs));
      return {
        contender: name,
        frames: results[0].frames,
        seconds: spread(results.map((result) => result.seconds)).median,
        p99Ms: spread(results.map((result) => result.p99Ms)).median,
        maxMs: max.median,
        maxMsLeast: max.min,
        maxMsMost: max.max,
        jsBusyPercent: spread(results.map((result) => 100 * result.busy)).median,
      };
    });
    const [, ours, peer] = rows;
    return { rows, ratios: { event_loop_max_vs_onnxruntime_node: peer.maxMs / ours.maxMs } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
