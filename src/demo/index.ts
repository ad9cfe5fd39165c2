import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { TEST_LIST } from "../datasets/celeb-df.js";
import type { MetricsFile } from "../evaluation/report-folder.js";
import { resolveModel } from "../models/resolve.js";
import { prepareOutputFolder, writeFileAtomic } from "../output-folder.js";
import { pathOf } from "../validate.js";
import { commandLine, runCommand } from "./command.js";
import { writeScenes } from "./scenes.js";
import { comparison, type Measured, metricsTable } from "./summary.js";

/** Options of {@link runDemo}. */
export interface DemoOptions {
  /** A folder of the user's own clips. */
  readonly videos?: string;
  /** Long videos to cut clips from; used where `videos` is not given. */
  readonly footage?: string;
  /** The folder that everything goes to. */
  readonly out: string;
  /** An image encoder in ONNX to stand beside `residual`. Default: ViT-B/32 with seeded weights, made on the spot. */
  readonly encoder?: string;
  readonly signal: AbortSignal;
}

const marker = "demo.json";
const generator = "unreel demo";
const clips = 24;
const framesPerVideo = 8;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Whether a demo.json is one that the demo wrote. */
function isDemo(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "generator" in value && value.generator === generator;
  } catch {
    return false;
  }
}

/** What clips are cut from, a sentence that says what it is, and whether it must be generated first. */
function chooseFootage({ videos, footage, out }: DemoOptions): { path: string; what: string; generated: boolean } {
  if (videos !== undefined) return { path: videos, what: `your clips in ${videos}`, generated: false };
  if (footage !== undefined) return { path: footage, what: `real footage, ${footage}`, generated: false };
  const path = join(out, "scenes.mp4");
  return { path, what: `GENERATED scenes, nothing real, ${path}`, generated: true };
}

/** The first real and the first blended video of the test list. */
async function testTwins(dataset: string): Promise<string[]> {
  const lines = (await readFile(join(dataset, TEST_LIST), "utf8")).split("\n");
  // In Celeb-DF's list 1 means real.
  return ["1 ", "0 "].flatMap((digit) => {
    const line = lines.find((each) => each.startsWith(digit));
    return line === undefined ? [] : [join(dataset, line.slice(digit.length))];
  });
}

/**
 * The whole flow on real footage: cuts source clips, writes each as it is and blended, then for a CLIP, for `residual`
 * and for both side by side extracts features, trains head and SVM and evaluates on the held-out source clips; scans one
 * clip of each kind with both. Every step is a command of `unreel` in a process of its own, printed as a user would type
 * it. The metrics go to stdout, all else to stderr.
 *
 * Run again in the same folder, clips and encoders that are there are used again; what follows them is made anew.
 *
 * @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS` when `out` holds something else, `ERR_UNREEL_MODEL_NOT_FOUND` when the
 * named encoder is not there, `ERR_UNREEL_ABORTED`, `ERR_UNREEL_IO` when a step failed
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const out = pathOf(options.out, "out");
  const { signal } = options;
  // The encoder that the user named must be there: only the default one is made.
  if (options.encoder !== undefined) await resolveModel(options.encoder);
  await prepareOutputFolder(out, { marker, what: "a demo", recognise: isDemo });
  const footage = chooseFootage({ ...options, out });
  // Before anything else is in the folder: an interrupted demo may then go on in it.
  await writeFileAtomic(join(out, marker), `${JSON.stringify({ generator, footage: footage.what }, null, 2)}\n`);
  if (footage.generated) {
    say(`Footage: no video was named, so generated scenes are used (${footage.path}): waves and discs, nothing real.`);
    await writeScenes(footage.path, signal);
  }
  say(`Footage: ${footage.what}`);
  const at = (name: string) => join(out, name);
  const commands: string[] = [];
  const run = async (...args: string[]) => {
    commands.push(commandLine(args));
    return runCommand(args, signal);
  };

  await run("synth", footage.path, "--out", at("dataset"), "--clips", String(clips));
  const clip = options.encoder ?? at("vit-b-32.seeded.onnx");
  if (options.encoder === undefined && !existsSync(clip)) await run("models", "make", "vit-b-32", "--out", clip);
  const residual = at("residual.onnx");
  await run("models", "make", "residual", "--out", residual);
  const seeded = options.encoder === undefined;
  const runs = [
    { name: seeded ? "CLIP, seeded weights" : clip, encoder: clip, folder: at("clip-alone") },
    { name: "residual", encoder: residual, folder: at("residual-alone") },
    { name: "both", encoder: `${clip},${residual}`, folder: out },
  ];
  const measured: Measured[] = [];
  for (const each of runs) measured.push({ name: each.name, metrics: await measure(each, at("dataset"), run) });
  const detector = ["--detector", at("detector")];
  const verdicts = await run("scan", ...(await testTwins(at("dataset"))), ...detector, "--jsonl");
  summarise(out, { commands, verdicts, measured, what: footage.what, seeded });
}

/** From videos to figures with one choice of encoders; everything lies in `folder`. */
async function measure(
  { encoder, folder }: { readonly encoder: string; readonly folder: string },
  dataset: string,
  run: (...args: string[]) => Promise<string>,
): Promise<MetricsFile> {
  const [features, detector, report] = ["features", "detector", "report"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  // Features of an earlier run may be of other clips under the same names.
  for (const each of [features, detector, report]) await rm(each, { recursive: true, force: true });
  const count = ["--count", String(framesPerVideo)];
  await run("extract", dataset, "--dataset", "celeb-df-v2", "--encoder", encoder, "--out", features, ...count);
  await run("train", "head", features, "--out", detector);
  await run("train", "svm", features, "--detector", detector);
  await run("evaluate", features, "--detector", detector, "--split", "test", "--out", report);
  return JSON.parse(await readFile(join(report, "metrics.json"), "utf8")) as MetricsFile;
}

interface Outcome {
  readonly commands: readonly string[];
  /** JSON lines of `unreel scan`. */
  readonly verdicts: string;
  /** The last of them is of all encoders. */
  readonly measured: readonly Measured[];
  readonly what: string;
  readonly seeded: boolean;
}

function summarise(out: string, { commands, verdicts, measured, what, seeded }: Outcome): void {
  say("\nAll commands of this demo, as you would type them:");
  for (const command of commands) say(`  ${command}`);
  say("");
  const scanned = verdicts.split("\n").filter((line) => line !== "");
  const lines = scanned.map((line) => {
    const { input, verdict, score } = JSON.parse(line) as { input: string; verdict: string; score?: number };
    return `scan ${input}: ${verdict}${score === undefined ? "" : ` (score ${score.toFixed(3)})`}`;
  });
  const both = measured.at(-1);
  const weights = seeded ? "The CLIP is untrained (seeded weights): expect chance of it alone. " : "";
  process.stdout.write(
    `${lines.join("\n")}\n\n${comparison(measured)}\n${both === undefined ? "" : metricsTable(both.metrics)}\n` +
      `Report of both: ${join(out, "report/report.html")}\n` +
      `What this shows: the whole flow runs on this machine, on ${what}. ${weights}residual compares the noise in the ` +
      "middle of a frame with that at its rim; strong compression or resizing after the blend destroys what it reads. " +
      "What it does not show: how well deepfakes are found; the fakes are blended regions that unreel made itself.\n",
  );
}
