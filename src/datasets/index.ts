import { resolve } from "node:path";
import { loadCelebDf } from "./celeb-df.js";
import { visibleNames } from "./files.js";
import { loadFolders, looksLikeFolders } from "./folders.js";
import type { Dataset } from "./video.js";

export { assertNoLeak, findLeaks, type Leak, type LeakFacts, type Shareable } from "./leak.js";
export { loadManifest, manifestFields, parseManifest } from "./manifest.js";
export {
  type Dataset,
  type DatasetVideo,
  type Label,
  parseLabel,
  type Split,
  splits,
  type VideoFacts,
  videosFromPaths,
} from "./video.js";

/** The folder layouts that unreel knows: what `--dataset` takes. */
export const datasetKinds = ["celeb-df-v2", "folders"] as const;

export type DatasetKind = (typeof datasetKinds)[number];

const loaders: Readonly<Record<DatasetKind, (root: string) => Promise<Dataset>>> = {
  "celeb-df-v2": loadCelebDf,
  folders: loadFolders,
};

/**
 * Loads a dataset from its folder: which videos there are, their labels, splits, sources and identities.
 *
 * @throws UnreelError `ERR_UNREEL_DATASET_INVALID` when the folder is not what its kind demands
 *
 * @example
 * ```ts
 * import { loadDataset } from "unreel";
 *
 * const { videos } = await loadDataset("celeb-df-v2", "dataset");
 * console.log(videos.filter(({ split }) => split === "test").length);
 * ```
 */
export function loadDataset(kind: DatasetKind, root: string): Promise<Dataset> {
  return loaders[kind](root);
}

/**
 * Which kind a folder is, by the names in it; undefined when it looks like none.
 *
 * @throws UnreelError `ERR_UNREEL_NOT_FOUND` and its kin when the folder cannot be read
 *
 * @example
 * ```ts
 * import { detectDataset } from "unreel";
 *
 * console.log(await detectDataset("dataset"));
 * ```
 */
export async function detectDataset(root: string): Promise<DatasetKind | undefined> {
  const names = await visibleNames(resolve(root));
  if (names.some((name) => name.toLowerCase() === "celeb-synthesis")) return "celeb-df-v2";
  return (await looksLikeFolders(root)) ? "folders" : undefined;
}
