import { join, resolve } from "node:path";
import { UnreelError } from "../errors.js";
import { readTextFile } from "../text-file.js";
import { kindOfPath, visibleNames } from "./files.js";
import { connectedGroups } from "./groups.js";
import { byCodeUnit, type Dataset, type DatasetVideo, type Label } from "./video.js";

/** The list of test videos, in the dataset's root. */
export const TEST_LIST = "List_of_testing_videos.txt";

/** A file in the root that says the data was generated: `{"synthetic": true, "generator": "…"}`. */
export const SYNTHETIC_MARKER = "synthetic.json";

/** From this many videos on, a dataset without the marker claims to be the official one. */
const OFFICIAL_VIDEOS = 6000;
const OFFICIAL_TEST = { real: 178, fake: 340 };

interface Folder {
  readonly name: "Celeb-real" | "Celeb-synthesis" | "YouTube-real";
  readonly label: Label;
  readonly pattern: RegExp;
  readonly shape: string;
}

const FOLDERS: readonly Folder[] = [
  { name: "Celeb-real", label: 0, pattern: /^(id\d+)_(\d+)\.mp4$/, shape: "id0_0000.mp4" },
  { name: "Celeb-synthesis", label: 1, pattern: /^(id\d+)_(id\d+)_(\d+)\.mp4$/, shape: "id0_id1_0000.mp4" },
  { name: "YouTube-real", label: 0, pattern: /^\d+\.mp4$/, shape: "00000.mp4" },
];

/** `Youtube-real` and `YouTube-real` are both in use; ids always have the second. */
function folderNamed(name: string): Folder | undefined {
  return FOLDERS.find((folder) => folder.name.toLowerCase() === name.toLowerCase());
}

function invalid(message: string, details: Record<string, string | number | readonly string[]>): UnreelError {
  return new UnreelError("ERR_UNREEL_DATASET_INVALID", message, details);
}

/**
 * Reads the list of test videos: one `<digit> <folder>/<file>` a line, where digit 1 means real (the opposite of
 * unreel's labels) and must agree with the folder. A last line without its end, CRLF and blank lines are fine.
 *
 * @param path names the list in errors
 * @returns the ids, `<folder>/<file>` with the folder spelt as unreel spells it, in the list's order
 * @throws UnreelError `ERR_UNREEL_DATASET_INVALID` with the line
 */
export function parseTestList(text: string, path: string): string[] {
  const ids = new Set<string>();
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const entry = raw.trim();
    if (entry === "") continue;
    const where = { path, line: at + 1 };
    const [, digit, folderName = "", file = ""] = /^([01])\s+([^/]+)\/(.+)$/.exec(entry) ?? [];
    const folder = folderNamed(folderName);
    if (digit === undefined || folder === undefined) {
      throw invalid(`${path}, line ${at + 1}: "${entry}" is not "<0 or 1> <folder>/<file>.mp4"`, where);
    }
    if (Number(digit) !== 1 - folder.label) {
      throw invalid(
        `${path}, line ${at + 1}: digit ${digit} says ${digit === "1" ? "real" : "fake"}, but ${folder.name} holds ` +
          `${folder.label === 1 ? "fakes" : "real videos"}; in this list 1 means real`,
        where,
      );
    }
    const id = `${folder.name}/${file}`;
    if (ids.has(id)) throw invalid(`${path}, line ${at + 1}: ${id} is listed twice`, where);
    ids.add(id);
  }
  if (ids.size === 0) throw invalid(`${path} lists no video`, { path });
  return [...ids];
}

/** The .mp4 files of one class: directly in its folder, or in `videos/` below it. */
async function videoFiles(root: string, spelling: string): Promise<{ file: string; path: string }[]> {
  const nested = join(root, spelling, "videos");
  const place = (await kindOfPath(nested)) === "folder" ? nested : join(root, spelling);
  const names = await visibleNames(place);
  return names.filter((name) => name.endsWith(".mp4")).map((file) => ({ file, path: join(place, file) }));
}

type Ungrouped = Omit<DatasetVideo, "group" | "split" | "dataset">;

function describe(folder: Folder, file: string, path: string): Ungrouped {
  const match = folder.pattern.exec(file);
  if (match === null) {
    throw invalid(`${path}: videos in ${folder.name} are named like ${folder.shape}`, { path });
  }
  const known = { id: `${folder.name}/${file}`, path, label: folder.label };
  const [, first = "", second = "", third = ""] = match;
  if (folder.name === "YouTube-real") return known;
  if (folder.name === "Celeb-real") return { ...known, identities: [first] };
  return { ...known, source: `Celeb-real/${first}_${third}.mp4`, identities: [first, second], method: "face-swap" };
}

/** The generator that the marker names; undefined without a marker. */
async function syntheticGenerator(root: string): Promise<string | undefined> {
  const path = join(root, SYNTHETIC_MARKER);
  if ((await kindOfPath(path)) === undefined) return undefined;
  const broken = () => invalid(`${path} is not {"synthetic": true, "generator": "…"}`, { path });
  let marker: unknown;
  try {
    marker = JSON.parse(await readTextFile(path));
  } catch (error) {
    throw error instanceof SyntaxError ? broken() : error;
  }
  if (typeof marker !== "object" || marker === null || !("synthetic" in marker) || marker.synthetic !== true) {
    throw broken();
  }
  return "generator" in marker && typeof marker.generator === "string" ? marker.generator : "";
}

function assertOfficialCounts(videos: readonly Ungrouped[], test: ReadonlySet<string>, path: string): void {
  const fake = videos.filter((video) => video.label === 1 && test.has(video.id)).length;
  const real = test.size - fake;
  if (fake === OFFICIAL_TEST.fake && real === OFFICIAL_TEST.real) return;
  throw invalid(
    `${path} lists ${real} real and ${fake} fake videos; the official list of Celeb-DF v2 has ${OFFICIAL_TEST.real} ` +
      `and ${OFFICIAL_TEST.fake}. Restore the list from the dataset's archive`,
    { path, real, fake },
  );
}

function assertAllThere(videos: readonly Ungrouped[], test: Iterable<string>, path: string): void {
  const present = new Set(videos.map((video) => video.id));
  const missing = [...test].filter((id) => !present.has(id));
  if (missing.length === 0) return;
  const shown = missing.slice(0, 5).join(", ") + (missing.length > 5 ? ", …" : "");
  throw invalid(`${missing.length} of the videos that ${path} lists are not on disk: ${shown}`, { path, missing });
}

async function allVideos(root: string): Promise<Ungrouped[]> {
  const spellings = await visibleNames(root);
  const videos: Ungrouped[] = [];
  for (const folder of FOLDERS) {
    const present = spellings.filter((name) => folderNamed(name) === folder);
    if (present.length === 0 && folder.name !== "YouTube-real") {
      throw invalid(`${root} has no folder ${folder.name}; give the folder that holds it`, { path: root });
    }
    if (present.length > 1) throw invalid(`${root} has both ${present.join(" and ")}; keep one`, { path: root });
    for (const spelling of present) {
      for (const { file, path } of await videoFiles(root, spelling)) videos.push(describe(folder, file, path));
    }
  }
  if (videos.length === 0) throw invalid(`${root} holds no .mp4 video`, { path: root });
  return videos.sort((a, b) => byCodeUnit(a.id, b.id));
}

/**
 * Loads Celeb-DF v2: `Celeb-real`, `Celeb-synthesis`, `YouTube-real`, with the videos in them or in `videos/` below.
 * The label is the folder's; the list of test videos must agree. Videos that it does not name are `train`: there is no
 * official `val`. A fake `id0_id1_0002` was made from the real `id0_0002` and shows both identities; groups join what
 * shares either, and a YouTube video is its own group. Where {@link SYNTHETIC_MARKER} says that the videos were generated,
 * dataset and method say so too.
 *
 * @throws UnreelError `ERR_UNREEL_DATASET_INVALID` when folders, names, the list or (for the full dataset) the list's
 *   counts are not what they should be
 */
export async function loadCelebDf(folder: string): Promise<Dataset> {
  const root = resolve(folder);
  const videos = await allVideos(root);
  const listPath = join(root, TEST_LIST);
  if ((await kindOfPath(listPath)) !== "file") {
    throw invalid(`${root} has no ${TEST_LIST}, which says what is for tests only; copy it from the dataset`, {
      path: listPath,
    });
  }
  const test = new Set(parseTestList(await readTextFile(listPath), listPath));
  assertAllThere(videos, test, listPath);
  const generator = await syntheticGenerator(root);
  if (generator === undefined && videos.length >= OFFICIAL_VIDEOS) assertOfficialCounts(videos, test, listPath);
  const name = generator === undefined ? "celeb-df-v2" : `celeb-df-v2 (${`synthetic ${generator}`.trimEnd()})`;
  const groups = connectedGroups(videos);
  return {
    name,
    root,
    videos: videos.map((video, at) => ({
      ...video,
      // Whatever a generator made, it is no face swap.
      ...(generator !== undefined && video.label === 1 && { method: "synthetic" }),
      split: test.has(video.id) ? "test" : "train",
      group: groups[at] ?? video.id,
      dataset: name,
    })),
  };
}
