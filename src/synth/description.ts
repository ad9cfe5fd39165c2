import type { Region } from "./plan.js";
import type { Side, SplitUnit } from "./split.js";
import type { Swap } from "./swap.js";

/** Written as `generator`; by it unreel knows its own datasets. */
export const generator = "unreel synth";

/** What a generated dataset is not, in every one of them. */
export const note =
  "NOT Celeb-DF v2 and not deepfakes of any known method: clips of other footage in Celeb-DF v2's layout, each written " +
  "as it is and with a moving region blended in from another clip. It exercises the flow; figures on it say nothing " +
  "about real deepfakes.";

/** What makes a dataset what it is, besides the footage. */
export interface SynthParameters {
  readonly clips: number;
  readonly seconds: number;
  readonly minSize: { readonly width: number; readonly height: number };
  readonly testShare: number;
  readonly encoder: { readonly codec: "mpeg4"; readonly quality: number; readonly gop: number };
}

/** One video that clips were cut from. */
export interface DescribedSource {
  readonly file: string;
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly fps: number;
}

/** A file of the dataset: its path below the root, '/'-separated. */
export interface DescribedFile {
  readonly file: string;
  readonly bytes: number;
}

/** One source clip and its twins. */
export interface DescribedClip {
  readonly id: string;
  /** Index into the sources. */
  readonly source: number;
  readonly firstFrame: number;
  readonly frames: number;
  /** Presentation times of the first and the last frame in the source. */
  readonly startUs: number;
  readonly endUs: number;
  readonly region: Region;
  readonly split: Side;
  readonly real: DescribedFile;
  readonly fake: DescribedFile & { readonly donor: string; readonly swap: Swap };
}

/** What decides whether a dataset must be made anew. */
export interface SynthIdentity {
  readonly version: string;
  readonly seed: number;
  readonly parameters: SynthParameters;
  readonly sources: readonly DescribedSource[];
}

/**
 * synthetic.json. It stands in the folder from the first moment, without clips until all are written, so that
 * generated data is never without its label.
 */
export interface SynthDescription extends SynthIdentity {
  readonly synthetic: true;
  readonly generator: typeof generator;
  readonly note: string;
  /** By what training and test are kept apart beyond the clips themselves. */
  readonly splitBy: SplitUnit;
  readonly clips: readonly DescribedClip[];
}

/** The description in a text, where it is one of `unreel synth`. */
export function parseDescription(text: string): SynthDescription | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const ours = typeof value === "object" && value !== null && "generator" in value && value.generator === generator;
    return ours ? (value as SynthDescription) : undefined;
  } catch {
    return undefined;
  }
}
