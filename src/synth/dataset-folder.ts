import { mkdir, readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { SYNTHETIC_MARKER, TEST_LIST } from "../datasets/celeb-df.js";
import { kindOfPath } from "../datasets/files.js";
import { canonicalJson, type Json } from "../fingerprint.js";
import { prepareOutputFolder, writeFileAtomic } from "../output-folder.js";
import { readTextFile } from "../text-file.js";
import { type DescribedClip, parseDescription, type SynthDescription, type SynthIdentity } from "./description.js";

const realFolder = "Celeb-real";
const fakeFolder = "Celeb-synthesis";

/** The names that this folder's writer gives; others' files are never touched. */
const ourVideo = /^id\d+(_id\d+)?_0000\.mp4$/;

/** Celeb-DF v2's name of the real clip of an identity. */
export function realFile(id: string): string {
  return `${realFolder}/${id}_0000.mp4`;
}

/** Celeb-DF v2's name of a fake: first the identity that it was made from, then the one blended in. */
export function fakeFile(id: string, donor: string): string {
  return `${fakeFolder}/${id}_${donor}_0000.mp4`;
}

/** The list of test videos; in it 1 means real. */
export function testList(clips: readonly DescribedClip[]): string {
  const test = clips.filter(({ split }) => split === "test");
  return [...test.map(({ real }) => `1 ${real.file}\n`), ...test.map(({ fake }) => `0 ${fake.file}\n`)].join("");
}

function identityText({ version, seed, parameters, sources }: SynthIdentity): string {
  return canonicalJson({ version, seed, parameters, sources } as unknown as Json);
}

async function hasFile(folder: string, { file, bytes }: { readonly file: string; readonly bytes: number }) {
  const found = await stat(join(folder, file)).catch(() => undefined);
  return found?.isFile() === true && found.size === bytes;
}

/**
 * Makes sure that a dataset can be written to `folder`.
 *
 * @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS`, `ERR_UNREEL_OUTPUT_NOT_WRITABLE`
 */
export async function prepareDatasetFolder(folder: string): Promise<void> {
  await prepareOutputFolder(folder, {
    marker: SYNTHETIC_MARKER,
    what: "a synthetic dataset",
    recognise: (text) => parseDescription(text) !== undefined,
  });
}

/** The description of the dataset in `folder`, where it is whole and of the same identity. */
export async function finishedDataset(folder: string, identity: SynthIdentity): Promise<SynthDescription | undefined> {
  if ((await kindOfPath(join(folder, SYNTHETIC_MARKER))) !== "file") return undefined;
  const description = parseDescription(await readTextFile(join(folder, SYNTHETIC_MARKER)));
  if (description === undefined || identityText(description) !== identityText(identity)) return undefined;
  const list = await readTextFile(join(folder, TEST_LIST)).catch(() => undefined);
  if (list !== testList(description.clips)) return undefined;
  const files = description.clips.flatMap(({ real, fake }) => [real, fake]);
  const present = await Promise.all(files.map((file) => hasFile(folder, file)));
  return present.every(Boolean) ? description : undefined;
}

/** Removes what an earlier run wrote, the list first: from then on no loader takes the folder for a dataset. */
export async function clearDataset(folder: string): Promise<void> {
  await rm(join(folder, TEST_LIST), { force: true });
  for (const each of [realFolder, fakeFolder]) {
    const names = await readdir(join(folder, each)).catch(() => []);
    for (const name of names.filter((one) => ourVideo.test(one))) await rm(join(folder, each, name));
    await rmdir(join(folder, each)).catch(() => undefined);
  }
}

/** Labels the folder as synthetic before its first video is there. */
export async function beginDataset(folder: string, description: SynthDescription): Promise<void> {
  await writeDescription(folder, { ...description, clips: [] });
  await mkdir(join(folder, realFolder), { recursive: true });
  await mkdir(join(folder, fakeFolder), { recursive: true });
}

/** Writes the description and, last, the list without which the folder is no dataset. */
export async function finishDataset(folder: string, description: SynthDescription): Promise<void> {
  await writeDescription(folder, description);
  await writeFileAtomic(join(folder, TEST_LIST), testList(description.clips));
}

/** Leaves the folder as empty as it was before a run that failed. */
export async function dropDataset(folder: string): Promise<void> {
  await clearDataset(folder);
  await rm(join(folder, SYNTHETIC_MARKER), { force: true });
}

function writeDescription(folder: string, description: SynthDescription): Promise<void> {
  return writeFileAtomic(join(folder, SYNTHETIC_MARKER), `${JSON.stringify(description, null, 2)}\n`);
}
