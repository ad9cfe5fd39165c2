import { UnreelError } from "../errors.js";

/** What the plan needs to know of one video. */
export interface FootageShape {
  /** Pixels, as shown. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly fps: number;
}

/** A rectangle of a frame, in pixels; every number is even, so that no two regions share a chroma sample. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One clip to cut: frames [firstFrame, firstFrame + frames) of one region of one video. */
export interface ClipSpan {
  /** Index into the footage. */
  readonly source: number;
  /** A scene is one region of one video; clips of one scene differ in time alone. */
  readonly scene: number;
  readonly region: Region;
  readonly firstFrame: number;
  readonly frames: number;
}

export interface PlanOptions {
  /** How many clips. */
  readonly clips: number;
  /** The longest a clip may be. */
  readonly seconds: number;
  /** Frames are not divided into regions smaller than this; a smaller frame stays whole. */
  readonly minSize: { readonly width: number; readonly height: number };
}

/** A shorter clip shows no motion: as many as the demo samples. */
export const minClipFrames = 8;

/** A clip of this share of the wanted length is long enough not to divide frames further. */
const comfortableShare = 1 / 3;

/** Clips come from this many scenes where the footage allows, so that they do not all show one place. */
const wantedScenes = 6;

/** The largest side of a region: bounds time and memory for footage of any resolution. */
const maxSide = 768;

/** Encoders want a few macroblocks. */
const minSide = 32;

interface Grid {
  readonly columns: number;
  readonly rows: number;
}

interface Scene extends FootageShape {
  readonly source: number;
  readonly region: Region;
}

function even(value: number): number {
  return 2 * Math.floor(value / 2);
}

/** How many cells of at least `minimum` pixels fit side by side; a frame smaller than that is one cell. */
function cellsAlong(side: number, minimum: number): number {
  return Math.max(1, Math.floor(side / minimum));
}

/** How far a grid's cells are from squares: |log(width / height)|. */
function slenderness(shape: FootageShape, { columns, rows }: Grid): number {
  return Math.abs(Math.log((shape.width * rows) / (shape.height * columns)));
}

/** The grid of at most `cells` cells, none more than twice as long as wide: as many as can be, then the squarest. */
function gridOf(shape: FootageShape, cells: number, minSize: PlanOptions["minSize"]): Grid {
  let best: Grid = { columns: 1, rows: 1 };
  for (let columns = 1; columns <= Math.min(cells, cellsAlong(shape.width, minSize.width)); columns++) {
    const grid = { columns, rows: Math.min(cellsAlong(shape.height, minSize.height), Math.floor(cells / columns)) };
    const slender = slenderness(shape, grid);
    const more = grid.columns * grid.rows - best.columns * best.rows;
    if (slender > Math.LN2 || more < 0) continue;
    if (more > 0 || slender < slenderness(shape, best)) best = grid;
  }
  return best;
}

/** The regions of a grid: equal, disjoint, each in the middle of its cell and the grid in the middle of the frame. */
function regionsOf(shape: FootageShape, { columns, rows }: Grid): Region[] {
  const cellWidth = even(shape.width / columns);
  const cellHeight = even(shape.height / rows);
  const width = Math.min(cellWidth, maxSide);
  const height = Math.min(cellHeight, maxSide);
  const left = even((shape.width - columns * cellWidth) / 2) + even((cellWidth - width) / 2);
  const top = even((shape.height - rows * cellHeight) / 2) + even((cellHeight - height) / 2);
  return Array.from({ length: columns * rows }, (_, cell) => ({
    x: left + (cell % columns) * cellWidth,
    y: top + Math.floor(cell / columns) * cellHeight,
    width,
    height,
  }));
}

function isUsable(shape: FootageShape): boolean {
  return shape.frames >= minClipFrames && Math.min(shape.width, shape.height) >= minSide;
}

function scenesOf(footage: readonly FootageShape[], cells: number, minSize: PlanOptions["minSize"]): Scene[] {
  return footage.flatMap((shape, source) =>
    isUsable(shape)
      ? regionsOf(shape, gridOf(shape, cells, minSize)).map((region) => ({ ...shape, source, region }))
      : [],
  );
}

function longestClip(scene: Scene, seconds: number): number {
  return Math.max(minClipFrames, Math.round(seconds * scene.fps));
}

/** Frames of each clip when a scene is cut into `clips` of them. */
function clipFrames(scene: Scene, clips: number, seconds: number): number {
  return Math.min(longestClip(scene, seconds), Math.floor(scene.frames / clips));
}

/** A scene's first clip always is: a short video gives what it has. */
function isComfortable(scene: Scene, clips: number, seconds: number): boolean {
  const frames = clipFrames(scene, clips, seconds);
  return frames >= minClipFrames && (clips === 1 || frames >= longestClip(scene, seconds) * comfortableShare);
}

/** Clips per scene; undefined where the scenes do not hold so many. */
interface Allocation {
  readonly counts: readonly number[];
  readonly comfortable: boolean;
}

/**
 * Hands out the clips one by one: to the scene with the fewest so far while its clips stay long enough, then to the one
 * whose clips stay longest.
 */
function allocate(scenes: readonly Scene[], { clips, seconds }: PlanOptions): Allocation | undefined {
  const counts = scenes.map(() => 0);
  let comfortable = true;
  for (let given = 0; given < clips; given++) {
    let best: { at: number; comfortable: boolean; count: number; seconds: number } | undefined;
    for (const [at, scene] of scenes.entries()) {
      const count = (counts[at] ?? 0) + 1;
      const frames = clipFrames(scene, count, seconds);
      if (frames < minClipFrames) continue;
      const next = { at, comfortable: isComfortable(scene, count, seconds), count, seconds: frames / scene.fps };
      if (best === undefined || isBetter(next, best)) best = next;
    }
    if (best === undefined) return undefined;
    counts[best.at] = best.count;
    comfortable &&= best.comfortable;
  }
  return { counts, comfortable };
}

type Candidate = { readonly comfortable: boolean; readonly count: number; readonly seconds: number };

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.comfortable !== b.comfortable) return a.comfortable;
  if (a.comfortable && a.count !== b.count) return a.count < b.count;
  return a.seconds > b.seconds;
}

function spansOf(scenes: readonly Scene[], counts: readonly number[], seconds: number): ClipSpan[] {
  return scenes.flatMap((scene, at) => {
    const count = counts[at] ?? 0;
    const frames = clipFrames(scene, count, seconds);
    return Array.from({ length: count }, (_, slot) => {
      const from = Math.floor((slot * scene.frames) / count);
      const until = Math.floor(((slot + 1) * scene.frames) / count);
      const firstFrame = from + Math.floor((until - from - frames) / 2);
      return { source: scene.source, scene: at, region: scene.region, firstFrame, frames };
    });
  });
}

/** Into how many cells frames may be divided: 1, 2, ... in the order in which divisions are tried. */
function levelsToTry(footage: readonly FootageShape[], minSize: PlanOptions["minSize"]): number[] {
  const most = footage
    .filter(isUsable)
    .map((shape) => cellsAlong(shape.width, minSize.width) * cellsAlong(shape.height, minSize.height));
  const levels = Array.from({ length: most.reduce((a, b) => Math.max(a, b), 1) }, (_, at) => at + 1);
  const manyScenes = (level: number) => scenesOf(footage, level, minSize).length >= wantedScenes;
  // Coarse first, so that regions stay as large as can be; with too few scenes, the most scenes first.
  return [...levels.filter(manyScenes), ...levels.filter((level) => !manyScenes(level)).reverse()];
}

function capacity(scenes: readonly Scene[]): number {
  return scenes.reduce((sum, scene) => sum + Math.floor(scene.frames / minClipFrames), 0);
}

/**
 * Decides which clips to cut, so that no two share a pixel: they lie in different videos, in disjoint regions or in
 * disjoint spans of time. Frames stay as whole as can be: they are divided into regions only where clips would become
 * shorter than a third of the wanted length, or would all show the same few places. Depends on its arguments alone.
 *
 * @returns exactly `options.clips` clips, by video, region and time
 * @throws UnreelError `ERR_UNREEL_FOOTAGE_TOO_SMALL`; `details.possible` says how many clips there can be
 */
export function planClips(footage: readonly FootageShape[], options: PlanOptions): ClipSpan[] {
  const divisions = levelsToTry(footage, options.minSize).map((level) => scenesOf(footage, level, options.minSize));
  let fallback: { scenes: Scene[]; counts: readonly number[] } | undefined;
  for (const scenes of divisions) {
    const allocation = allocate(scenes, options);
    if (allocation === undefined) continue;
    if (allocation.comfortable) return spansOf(scenes, allocation.counts, options.seconds);
    fallback ??= { scenes, counts: allocation.counts };
  }
  if (fallback !== undefined) return spansOf(fallback.scenes, fallback.counts, options.seconds);
  const possible = Math.max(...divisions.map(capacity));
  throw new UnreelError(
    "ERR_UNREEL_FOOTAGE_TOO_SMALL",
    `The footage gives ${possible} clips of ${minClipFrames} frames or more that share no pixels; ${options.clips} are ` +
      "wanted. Give more or longer videos, or ask for fewer clips",
    { possible, wanted: options.clips },
  );
}
