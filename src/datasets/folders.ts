import { basename, join, resolve } from "node:path";
import { UnreelError } from "../errors.js";
import { kindOfPath, videosBelow, visibleNames } from "./files.js";
import { byCodeUnit, type Dataset, type DatasetVideo, type Label, type Split } from "./video.js";

/** Folder names in use for the classes: plain, and CNNDetection's. */
const CLASSES: ReadonlyMap<string, Label> = new Map([
  ["real", 0],
  ["0_real", 0],
  ["fake", 1],
  ["1_fake", 1],
]);

const SPLITS: ReadonlyMap<string, Split> = new Map([
  ["train", "train"],
  ["val", "val"],
  ["valid", "val"],
  ["validation", "val"],
  ["test", "test"],
]);

function invalid(message: string, path: string): UnreelError {
  return new UnreelError("ERR_UNREEL_DATASET_INVALID", message, { path });
}

async function foldersIn(folder: string, known: ReadonlyMap<string, unknown>): Promise<string[]> {
  const names = (await visibleNames(folder)).filter((name) => known.has(name.toLowerCase()));
  const kinds = await Promise.all(names.map((name) => kindOfPath(join(folder, name))));
  return names.filter((_, at) => kinds[at] === "folder");
}

/** The class folders of `folder`; two of the same class (`real` and `0_real`) cannot both be meant. */
async function classFolders(folder: string): Promise<{ name: string; label: Label }[]> {
  const found: { name: string; label: Label }[] = [];
  for (const name of await foldersIn(folder, CLASSES)) {
    const label = CLASSES.get(name.toLowerCase());
    const twin = found.find((other) => other.label === label);
    if (twin !== undefined) throw invalid(`${folder} has both ${twin.name} and ${name}; keep one`, folder);
    if (label !== undefined) found.push({ name, label });
  }
  return found;
}

/** The videos of one split, or of the whole dataset; `prefix` is the split's folder with its '/', or nothing. */
async function classVideos(root: string, prefix: string, split: Split | undefined): Promise<DatasetVideo[]> {
  const videos: DatasetVideo[] = [];
  for (const { name, label } of await classFolders(join(root, prefix))) {
    for (const file of await videosBelow(join(root, prefix, name))) {
      const id = `${prefix}${name}/${file}`;
      const method = label === 1 && file.includes("/") ? file.slice(0, file.indexOf("/")) : undefined;
      videos.push({ id, path: join(root, id), label, split, group: id, method, dataset: basename(root) });
    }
  }
  return videos;
}

/** Whether a folder has `real` or `fake` (or `0_real`, `1_fake`) in it, directly or below `train`, `val`, `test`. */
export async function looksLikeFolders(root: string): Promise<boolean> {
  if ((await classFolders(root)).length > 0) return true;
  for (const name of await foldersIn(root, SPLITS)) {
    if ((await classFolders(join(root, name))).length > 0) return true;
  }
  return false;
}

/**
 * Loads a folder of folders: `real/` and `fake/` (or `0_real/` and `1_fake/`), optionally below `train/`, `val/` and
 * `test/`. Deeper folders are searched too; for fakes the first of them is the method. Each video is its own group,
 * as names tell nothing of sources: where several videos share one, a manifest can say so.
 *
 * @throws UnreelError `ERR_UNREEL_DATASET_INVALID` when there are no such folders, no video in them, or both layouts
 */
export async function loadFolders(folder: string): Promise<Dataset> {
  const root = resolve(folder);
  const direct = await classFolders(root);
  const below = await foldersIn(root, SPLITS);
  if (direct.length > 0 && below.length > 0) {
    throw invalid(`${root} has class folders and split folders side by side: ${direct[0]?.name}, ${below[0]}`, root);
  }
  const videos = await classVideos(root, "", undefined);
  const seen = new Map<Split, string>();
  for (const name of below) {
    const split = SPLITS.get(name.toLowerCase());
    if (split === undefined) continue;
    const twin = seen.get(split);
    if (twin !== undefined) throw invalid(`${root} has both ${twin} and ${name}; keep one`, root);
    seen.set(split, name);
    // One by one: a folder may hold more than a call takes arguments.
    for (const video of await classVideos(root, `${name}/`, split)) videos.push(video);
  }
  if (videos.length === 0) {
    throw invalid(
      `${root} has no videos in real/ and fake/ (or 0_real/ and 1_fake/), nor below train/, val/, test/`,
      root,
    );
  }
  return { name: basename(root), root, videos: videos.sort((a, b) => byCodeUnit(a.id, b.id)) };
}
