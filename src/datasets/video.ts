import { posix } from "node:path";
import { UnreelTypeError } from "../errors.js";
import { isWebAddress } from "../sources/video-source.js";
import { withoutSecrets } from "../sources/web-address.js";

/** 1 = fake, 0 = real: in every file and every API of unreel, whatever a dataset's own digits mean. */
export type Label = 0 | 1;

/** The parts a dataset is divided into. Thresholds, checkpoints and calibration come from `val` alone. */
export type Split = "train" | "val" | "test";

export const splits: readonly Split[] = ["train", "val", "test"];

/** What is known of a video besides its pixels; the same names in the feature store, in manifests and in reports. */
export interface VideoFacts {
  /** Unique in its dataset and stable from run to run: a '/'-separated path relative to the dataset's root. */
  readonly id: string;
  /** Undefined where nobody knows. */
  readonly label?: Label | undefined;
  readonly split?: string | undefined;
  /** Videos that must stay on one side of a split share a group. */
  readonly group: string;
  /** The id of the real video that a fake was made from. */
  readonly source?: string | undefined;
  /** Who is seen in it: all of them. */
  readonly identities?: readonly string[] | undefined;
  /** How a fake was made. */
  readonly method?: string | undefined;
  /** Names of different datasets may be alike: facts are compared within one dataset only. */
  readonly dataset?: string | undefined;
}

/** A video of a dataset. */
export interface DatasetVideo extends VideoFacts {
  /** Where the file is, absolute unless the user gave it otherwise; or an `http:` or `https:` URL. */
  readonly path: string;
}

/** What a loader found. */
export interface Dataset {
  /** As it stands in reports; "(synthetic …)" is part of the name of generated data. */
  readonly name: string;
  /** The folder, or the manifest file, it was loaded from. */
  readonly root: string;
  /** Sorted by id (UTF-16 code units). */
  readonly videos: readonly DatasetVideo[];
}

/** Orders strings by UTF-16 code unit: the same on every machine, unlike a locale's order. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The label that a text names: `fake` or `1`, `real` or `0`, in any case; undefined for anything else. */
export function parseLabel(text: string): Label | undefined {
  const word = text.toLowerCase();
  if (word === "fake" || word === "1") return 1;
  return word === "real" || word === "0" ? 0 : undefined;
}

/**
 * Videos that belong to no dataset: label unknown, each its own group. The id is the path as given, normalised
 * (`./a//b.mp4` -> `a/b.mp4`), so that it does not change when the list grows; a path given twice counts once. A URL's id
 * leaves out what may be secret in it.
 *
 * @throws UnreelTypeError for URLs that only differ in what is left out
 */
export function videosFromPaths(paths: readonly string[]): DatasetVideo[] {
  const videos = new Map<string, DatasetVideo>();
  for (const path of paths) {
    const id = isWebAddress(path) ? withoutSecrets(path) : posix.normalize(path);
    const before = videos.get(id);
    if (before !== undefined && isWebAddress(path) && before.path !== path) {
      throw new UnreelTypeError(
        `Several URLs are ${id} but for their queries; give them ids of their own in a manifest`,
      );
    }
    if (before === undefined) videos.set(id, { id, path, group: id });
  }
  return [...videos.values()];
}
