import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Decisions } from "./calibration/decisions.js";
import { wrongCalibration } from "./calibration/stored.js";
import type { Threshold } from "./calibration/thresholds.js";
import type { LeakFacts } from "./datasets/leak.js";
import { UnreelError } from "./errors.js";
import type { Fingerprint } from "./fingerprint.js";
import { prepareOutputFolder, writeFileAtomic } from "./output-folder.js";
import { checkpointFormat } from "./training/checkpoint.js";

/** What was seen in training: an evaluation refuses to test on it. */
export interface TrainingRecord {
  readonly unreel: string;
  /** Of the training rows' video ids, labels and groups. */
  readonly manifestSha256: string;
  readonly rows: number;
  /** Every video that trained or chose something. */
  readonly videos: readonly LeakFacts[];
  /** The groups that chose the epoch and did not train the head. They choose the thresholds of an SVM on projections. */
  readonly validationGroups: readonly string[];
  readonly seed: number;
}

/** The user's own videos that chose thresholds and calibration after the training: an evaluation refuses to test on them. */
export interface CalibrationSource {
  readonly unreel: string;
  readonly videos: readonly LeakFacts[];
}

/** detector.json. */
export interface DetectorDescription extends Partial<Decisions> {
  readonly schema: 1;
  /** Everything that shaped the features; features of another fingerprint are refused. */
  readonly fingerprint: Fingerprint;
  readonly training: TrainingRecord;
  readonly head: Readonly<Record<string, number | string>>;
  readonly svm?: Readonly<Record<string, number | string>>;
  /** What the SVM sees: projections, or the embeddings at unit length, each encoder's of the same length. */
  readonly features?: "projection" | "encoder";
  /** Fewer frames than this: the verdict is `inconclusive`. */
  readonly minFrames: number;
  /** Set by `unreel calibrate`. */
  readonly calibratedOn?: CalibrationSource;
  /** SHA-256 of the files beside detector.json. */
  readonly files: Readonly<Record<string, string>>;
}

/** A model file that features came from; encoder.json lists them as `encoders`, in the order of their embeddings. */
export interface EncoderReference {
  readonly path: string;
  readonly sha256: string;
}

export const headFile = "head.safetensors";
export const svmFile = "svm.model";
/** Of a training of the head that has not come to its end. */
export const checkpointFile = "checkpoint.safetensors";
const descriptionFile = "detector.json";
const encoderFile = "encoder.json";

/** Makes the folder, or refuses one that holds something else. */
export async function prepareDetectorFolder(dir: string): Promise<void> {
  await prepareOutputFolder(dir, {
    marker: descriptionFile,
    unfinished: { file: checkpointFile, mark: checkpointFormat },
    what: "a detector",
  });
}

/** Writes detector.json, and encoder.json where the encoders' places are known; files beside it must be there already. */
export async function writeDescription(
  dir: string,
  description: Omit<DetectorDescription, "files">,
  files: readonly string[],
  encoders?: readonly EncoderReference[],
): Promise<void> {
  const hashes: Record<string, string> = {};
  for (const file of files) hashes[file] = await hashOf(join(dir, file));
  if (encoders !== undefined) {
    const references = encoders.map(({ path, sha256 }) => ({ path, sha256 }));
    await writeFileAtomic(join(dir, encoderFile), toJson({ encoders: references }));
  }
  await writeFileAtomic(join(dir, descriptionFile), toJson({ ...description, files: hashes }));
}

/**
 * Reads a detector folder, checks the fields that decide a verdict, and every file in it against its hash.
 *
 * @throws UnreelError `ERR_UNREEL_NOT_FOUND` (no folder), `ERR_UNREEL_DETECTOR_INVALID` naming the file, or the field
 */
export async function readDescription(dir: string): Promise<DetectorDescription> {
  const info = await stat(dir).catch(() => undefined);
  if (!info?.isDirectory()) {
    throw new UnreelError(
      "ERR_UNREEL_NOT_FOUND",
      `There is no detector folder at ${dir}; unreel train head writes one.`,
      {
        path: dir,
      },
    );
  }
  const description = (await readJson(dir, descriptionFile)) as Partial<DetectorDescription>;
  if (description.schema !== 1 || !description.fingerprint || !description.training || !description.files) {
    throw damaged(dir, descriptionFile, "it is no detector description of schema 1");
  }
  const wrong = wrongField(description);
  if (wrong !== undefined) throw damaged(dir, descriptionFile, wrong);
  for (const [file, sha256] of Object.entries(description.files)) {
    const actual = await hashOf(join(dir, file)).catch((error: unknown) => {
      throw damaged(dir, file, "it is missing", error);
    });
    if (actual !== sha256) throw damaged(dir, file, "its bytes are not those that detector.json names");
  }
  return description as DetectorDescription;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

/** What is wrong with the first field that is not what training writes. */
function wrongField(description: Partial<DetectorDescription>): string | undefined {
  const { features, minFrames, thresholds, calibration, fingerprint, training, files = {} } = description;
  if (!isCount(minFrames)) return "minFrames is no whole number from 1 on";
  if (!isCount(fingerprint?.count)) return "fingerprint.count is no whole number from 1 on";
  if (!Array.isArray(training?.videos)) return "training.videos is no list";
  if (typeof files[headFile] !== "string") return `files does not name ${headFile}`;
  if (thresholds !== undefined && !Array.isArray(thresholds)) return "thresholds is no list";
  const at = (thresholds ?? []).findIndex((threshold: Threshold | null) => !Number.isFinite(threshold?.value));
  if (at >= 0) return `thresholds[${at}].value is no finite number`;
  const wrong = calibration === undefined ? undefined : wrongCalibration(calibration);
  if (wrong !== undefined) return `calibration: ${wrong}`;
  if (description.calibratedOn !== undefined && !Array.isArray(description.calibratedOn?.videos)) {
    return "calibratedOn.videos is no list";
  }
  if (features === undefined) return undefined;
  if (features !== "projection" && features !== "encoder") return "features is neither projection nor encoder";
  if (typeof files[svmFile] !== "string") return `files does not name ${svmFile}`;
  return thresholds === undefined || thresholds.length === 0 ? "thresholds is empty" : undefined;
}

/** Where the detector's encoders lay when it was trained; undefined where the folder does not say. */
export async function readEncoderReferences(dir: string): Promise<readonly EncoderReference[] | undefined> {
  const present = await stat(join(dir, encoderFile)).catch(() => undefined);
  if (present === undefined) return undefined;
  const { encoders } = (await readJson(dir, encoderFile)) as { encoders?: unknown };
  const isReference = (each: Partial<EncoderReference> | null) =>
    typeof each?.path === "string" && typeof each.sha256 === "string";
  if (!Array.isArray(encoders) || encoders.length === 0 || !encoders.every(isReference)) {
    throw damaged(dir, encoderFile, "it lists no encoders with path and sha256");
  }
  return encoders.map(({ path, sha256 }: EncoderReference) => ({ path, sha256 }));
}

/** The error for a file of a detector folder that is missing or not what it should be. */
export function damaged(dir: string, file: string, why: string, cause?: unknown): UnreelError {
  const path = join(dir, file);
  return new UnreelError(
    "ERR_UNREEL_DETECTOR_INVALID",
    `The detector ${dir} cannot be used: ${file}: ${why}. Copy the folder again, or train it again.`,
    { path, file },
    cause,
  );
}

async function readJson(dir: string, file: string): Promise<object> {
  try {
    const value: unknown = JSON.parse(await readFile(join(dir, file), "utf8"));
    if (typeof value !== "object" || value === null) throw new Error("it is no JSON object");
    return value;
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw damaged(dir, file, missing ? "it is missing" : String(error instanceof Error ? error.message : error), error);
  }
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function hashOf(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}
