import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { UnreelError } from "../errors.js";
import { assertSameFingerprint, type Fingerprint, fingerprintHash } from "../fingerprint.js";
import { checkInteger, checkOneOf } from "../validate.js";
import { corrupt, readError, syncFolder, systemCode, writeError, writeSynced } from "./files.js";
import type { StoreLayout } from "./layout.js";
import { RecordReader } from "./records.js";

const SCHEMA = 1;
const KIND = "unreel-features";
const TEMPORARY = /^store\.json\.[0-9a-f-]+\.tmp$/;

/** How numbers are stored: float16 or float32, little endian. */
export type StoreType = "<f2" | "<f4";

/** What `store.json` says; it never changes. */
export interface StoreDescription {
  /** Numbers per row. */
  readonly dimension: number;
  readonly dtype: StoreType;
  readonly fingerprint: Fingerprint;
  /** Where the encoders' files lay when the store was made: a hint for training, and no part of the fingerprint. */
  readonly encoderPaths?: readonly string[] | undefined;
}

function encodeDescription({ dimension, dtype, fingerprint, encoderPaths }: StoreDescription): string {
  const fingerprintSha256 = fingerprintHash(fingerprint);
  const record = { kind: KIND, schema: SCHEMA, dimension, dtype, fingerprintSha256, fingerprint, encoderPaths };
  return `${JSON.stringify(record, null, 2)}\n`;
}

function decodeDescription(text: string, path: string): StoreDescription {
  const record = RecordReader.parse(text, path);
  if (record.value("kind") !== KIND) throw corrupt(path, `its kind is not ${KIND}`);
  if (record.value("schema") !== SCHEMA) throw corrupt(path, `its schema is not ${SCHEMA}, the one this unreel reads`);
  const dtype = record.string("dtype");
  const dimension = record.count("dimension");
  if ((dtype !== "<f2" && dtype !== "<f4") || dimension === 0)
    throw corrupt(path, "its dimension or dtype is not possible");
  record.object("fingerprint");
  const fingerprint = record.value("fingerprint") as Fingerprint;
  if (fingerprintHash(fingerprint) !== record.string("fingerprintSha256")) {
    throw corrupt(path, "its fingerprint does not have the SHA-256 that stands beside it; it was edited");
  }
  const paths: unknown = record.value("encoderPaths");
  const encoderPaths = Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : undefined;
  return { dimension, dtype, fingerprint, encoderPaths };
}

/** Reads `store.json`; undefined where there is none. */
export async function readDescription(layout: StoreLayout): Promise<StoreDescription | undefined> {
  try {
    return decodeDescription(await readFile(layout.description, "utf8"), layout.description);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return undefined;
    throw error instanceof UnreelError ? error : readError(error, layout.description);
  }
}

/** Refuses a folder in which something else lies, and a path that is no folder. */
async function assertFree(layout: StoreLayout): Promise<void> {
  const found = await stat(layout.root).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw writeError(error, layout.root);
  });
  if (found === undefined) return;
  const exists = (what: string) =>
    new UnreelError("ERR_UNREEL_OUTPUT_EXISTS", `${layout.root} ${what}; name a new folder`, { path: layout.root });
  if (!found.isDirectory()) throw exists("is a file");
  const names = (await readdir(layout.root)).filter((name) => !TEMPORARY.test(name));
  if (names.length > 0) throw exists(`is not a feature store and holds other things (${names.slice(0, 3).join(", ")})`);
}

/** Puts `store.json` there unless another process did so first. */
async function writeDescription(layout: StoreLayout, text: string): Promise<void> {
  const temporary = join(layout.root, `store.json.${randomUUID()}.tmp`);
  await writeSynced(temporary, [Buffer.from(text)]);
  try {
    await link(temporary, layout.description);
  } catch (error) {
    // Another process was first, or (exFAT, some network mounts) there are no hard links.
    if (systemCode(error) !== "EEXIST") await rename(temporary, layout.description);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(layout.root);
}

/** Removes what processes left that were killed while they made the store. */
export async function removeDescriptionLeftovers(layout: StoreLayout): Promise<void> {
  const names = (await readdir(layout.root)).filter((name) => TEMPORARY.test(name));
  for (const name of names) await rm(join(layout.root, name), { force: true });
}

/** Makes every folder of a store. */
export async function makeFolders(layout: StoreLayout): Promise<void> {
  for (const folder of layout.folders) await mkdir(folder, { recursive: true });
  await syncFolder(layout.root);
}

/**
 * Makes `store.json`, and the folder where needed; or makes sure that the one that is there says the same.
 *
 * @returns what stands in it
 * @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS`, `ERR_UNREEL_OUTPUT_NOT_WRITABLE`, `ERR_UNREEL_FINGERPRINT_MISMATCH`
 */
export async function establish(layout: StoreLayout, wanted: StoreDescription): Promise<StoreDescription> {
  checkInteger(wanted.dimension, 1, "options.dimension");
  checkOneOf(wanted.dtype, ["<f2", "<f4"], "options.dtype");
  const text = encodeDescription(wanted);
  if ((await readDescription(layout)) === undefined) {
    await assertFree(layout);
    try {
      await mkdir(layout.root, { recursive: true });
      await writeDescription(layout, text);
    } catch (error) {
      if ((await readDescription(layout)) === undefined) throw writeError(error, layout.root);
    }
  }
  const there = await readDescription(layout);
  if (there === undefined) throw corrupt(layout.description, "it vanished");
  const whole = ({ dimension, dtype, fingerprint }: StoreDescription) => ({
    ...fingerprint,
    store: { dimension, dtype },
  });
  assertSameFingerprint(
    whole(there),
    whole(wanted),
    `The feature store ${layout.root} and this run`,
    "Write into a new folder, or use what the store was made with.",
  );
  return there;
}
