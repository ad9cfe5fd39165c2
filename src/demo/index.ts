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
import { metricsTable } from "./summary.js";

/** Options of {@link runDemo}. */
export interface DemoOptions {
  /** A folder of the user's own clips. */
  readonly videos?: string;
  /** Long videos to cut clips from; used where `videos` is not given. */
  readonly footage?: string;
  /** The folder that everything goes to. */
  readonly out: string;
  /** A CLIP image encoder in ONNX. Default: ViT-B/32 with seeded weights, made on the spot. */
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
 * The whole flow on real footage: cuts source clips, writes each as it is and blended, extracts features, trains head and
 * SVM, evaluates on the held-out source clips and scans one clip of each kind. Every step is a command of `unreel` in a
 * process of its own, printed as a user would type it. The metrics go to stdout, all else to stderr.
 *
 * Run again in the same folder, clips and encoder that are there are used again; what follows them is made anew.
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
  const encoder = options.encoder ?? at("vit-b-32.seeded.onnx");
  if (options.encoder === undefined && !existsSync(encoder)) await run("models", "make", "vit-b-32", "--out", encoder);
  // Features of an earlier run may be of other clips under the same names.
  for (const name of ["features", "detector", "report"]) await rm(at(name), { recursive: true, force: true });
  const extract = ["extract", at("dataset"), "--dataset", "celeb-df-v2", "--encoder", encoder, "--out", at("features")];
  await run(...extract, "--count", String(framesPerVideo));
  await run("train", "head", at("features"), "--out", at("detector"));
  await run("train", "svm", at("features"), "--detector", at("detector"));
  await run("evaluate", at("features"), "--detector", at("detector"), "--split", "test", "--out", at("report"));
  const verdicts = await run("scan", ...(await testTwins(at("dataset"))), "--detector", at("detector"), "--jsonl");
  await summarise(out, { commands, verdicts, what: footage.what, seeded: options.encoder === undefined });
}

interface Outcome {
  readonly commands: readonly string[];
  /** JSON lines of `unreel scan`. */
  readonly verdicts: string;
  readonly what: string;
  readonly seeded: boolean;
}

async function summarise(out: string, { commands, verdicts, what, seeded }: Outcome): Promise<void> {
  say("\nAll commands of this demo, as you would type them:");
  for (const command of commands) say(`  ${command}`);
  say("");
  const metrics = JSON.parse(await readFile(join(out, "report/metrics.json"), "utf8")) as MetricsFile;
  const scanned = verdicts.split("\n").filter((line) => line !== "");
  const lines = scanned.map((line) => {
    const { input, verdict, score } = JSON.parse(line) as { input: string; verdict: string; score?: number };
    return `scan ${input}: ${verdict}${score === undefined ? "" : ` (score ${score.toFixed(3)})`}`;
  });
  const weights = seeded
    ? "an untrained CLIP (seeded weights), so expect scores near chance"
    : "the encoder that you named";
  process.stdout.write(
    `${lines.join("\n")}\n\n${metricsTable(metrics)}\nReport: ${join(out, "report/report.html")}\n` +
      `What this shows: the whole flow runs on this machine, on ${what}, with ${weights}. ` +
      "What it does not show: how well deepfakes are found; the fakes are blended regions that unreel made itself.\n",
  );
}
