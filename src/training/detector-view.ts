import { join } from "node:path";
import { type DetectorDescription, damaged, headFile, svmFile } from "../detector-folder.js";
import { ProjectionHead } from "./head.js";
import type { SvmView } from "./score.js";
import { readStandard, standardFile } from "./standard.js";
import { Svm } from "./svm.js";

/** What a detector's folder has for scoring rows; the encoders' blocks are not in it. */
export interface StoredView {
  readonly view: Omit<SvmView, "blocks">;
  readonly svm: Svm;
}

/**
 * Loads the SVM and what lies before it.
 *
 * @throws UnreelError `ERR_UNREEL_DETECTOR_INVALID`: no SVM yet, or a file that is not what it should be
 */
export async function loadView(dir: string, description: DetectorDescription): Promise<StoredView> {
  if (description.features === undefined) {
    throw damaged(dir, svmFile, "it is missing: the detector has a head and no SVM; run unreel train svm");
  }
  const head = description.features === "projection" ? await ProjectionHead.load(join(dir, headFile)) : undefined;
  const svm = await Svm.load(join(dir, svmFile));
  const standard = description.files[standardFile] === undefined ? undefined : await readStandard(dir, svm.dims);
  return { view: { head, ...(standard !== undefined && { standard }) }, svm };
}
