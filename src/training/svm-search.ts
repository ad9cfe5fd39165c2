import { throwIfAborted, UnreelError, UnreelTypeError } from "../errors.js";
import { type CrossValidateSvmOptions, crossValidateSvm } from "./cross-validation.js";
import { type GridPoint, gridPoint, oneStandardError, type SvmGrid } from "./svm-grid.js";
import { type VideoRows, videoScores } from "./video-scores.js";

/** C and gamma of a training, or where to look for them. */
export interface SvmSearchOptions {
  /** Default 1; of a grid: 0.1, 1, 10, 100. */
  readonly c?: number | readonly number[];
  /**
   * Default 1; of a grid: 1/4, 1, 4; with `standardize` these divided by the number of dimensions. Not used by the linear
   * kernel. `scale`: 1 / (dims x variance of what the SVM sees).
   */
  readonly gamma?: number | "scale" | readonly number[];
  /** Choose C and gamma by cross-validation over groups; see {@link SvmGrid}. Default false. */
  readonly grid?: boolean;
  /** Of the cross-validation. Default 5. */
  readonly folds?: number;
  /** Of folds and of resamples of groups. Default 1. */
  readonly seed?: number;
}

/** Rows of videos as the SVM sees them. */
export interface SeenRows {
  /** rows x dims, C order. */
  readonly x: Float32Array;
  readonly labels: Int32Array;
  /** One a row. */
  readonly groups: readonly string[];
  readonly rows: number;
  readonly dims: number;
  readonly videos: readonly VideoRows[];
}

/** Rows to search a point on. */
export interface SvmRows extends SeenRows {
  /** The gamma that suits these rows: 1 for rows of length 1, 1 / dims for standardised ones. */
  readonly unitGamma: number;
}

/** C and gamma, and what a cross-validation said where there was one. */
export interface FoundPoint {
  readonly c: number;
  readonly gamma: number | "scale";
  readonly grid?: SvmGrid;
  /** One a row: by the machine of this point that saw none of the row's fold. */
  readonly values?: Float64Array;
}

/** A grid's points where none are given; gamma in units of {@link SvmRows.unitGamma}. */
export const defaultGrid = { c: [0.1, 1, 10, 100], gamma: [0.25, 1, 4] } as const;

/** What all trainings of a search have in common. */
export type SearchedSvm = Omit<CrossValidateSvmOptions, keyof SvmSearchOptions | keyof SvmRows>;

/**
 * C and gamma: those that were given, or of a grid the point that {@link oneStandardError} chooses. Without a grid
 * nothing is cross-validated unless the values are wanted.
 *
 * @throws UnreelError what {@link crossValidateSvm} throws
 */
export async function searchPoint(
  rows: SvmRows,
  search: SvmSearchOptions,
  options: SearchedSvm,
  wantsValues: boolean,
): Promise<FoundPoint> {
  if (search.grid === true) return searchGrid(rows, search, options);
  const c = single(search.c ?? 1, "options.c");
  const gamma = single(search.gamma ?? rows.unitGamma, "options.gamma");
  if (!wantsValues) return { c, gamma };
  const { points } = await crossValidated(rows, search, { ...options, c, gamma });
  return { c, gamma, ...(points[0] !== undefined && { values: points[0].values }) };
}

function single<T>(value: T | readonly T[], name: string): T {
  if (!Array.isArray(value)) return value as T;
  throw new UnreelTypeError(`${name}: a list needs a grid to be chosen from; set options.grid, or give one number`);
}

function crossValidated(
  { x, labels, groups, rows, dims }: SvmRows,
  { folds, seed }: SvmSearchOptions,
  options: SearchedSvm & Pick<CrossValidateSvmOptions, "c" | "gamma">,
) {
  return crossValidateSvm(x, labels, {
    ...options,
    ...{ rows, dims, groups },
    ...(folds !== undefined && { folds }),
    ...(seed !== undefined && { seed }),
  });
}

async function searchGrid(rows: SvmRows, search: SvmSearchOptions, options: SearchedSvm): Promise<FoundPoint> {
  const { c = defaultGrid.c, seed = 1 } = search;
  const gamma = search.gamma ?? defaultGrid.gamma.map((units) => units * rows.unitGamma);
  const { folds, points } = await crossValidated(rows, search, { ...options, c, gamma });
  const foldOf = rows.videos.map(({ firstRow }) => folds[firstRow] ?? 0);
  const judged: GridPoint[] = [];
  for (const point of points) {
    throwIfAborted(options.signal);
    judged.push(await gridPoint(point, videoScores(rows.videos, point.values), foldOf, seed));
  }
  const grid = { points: judged, ...oneStandardError(judged) };
  const chosen = points[grid.chosen];
  if (chosen === undefined) throw new UnreelError("ERR_UNREEL_INTERNAL", "a grid without points");
  // The linear kernel's 0 is no gamma to train with.
  return { c: chosen.c, gamma: chosen.gamma || 1, grid, values: chosen.values };
}
