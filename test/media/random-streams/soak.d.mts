/** How a random stream is made; see recipe.mjs. */
export interface Recipe {
  readonly seed: number;
  readonly family: string;
  readonly description: string;
  readonly commands: readonly string[];
  readonly file: string;
}

/** What came out of one seed; see checkSeed() in soak.mjs. */
export interface SeedResult {
  readonly recipe: Recipe;
  readonly failedToMake?: string;
  readonly differences?: readonly string[];
  readonly framesCompared?: number;
}

export function recipe(seed: number): Recipe;
/** The ffmpeg that decodes in full. */
export const referenceProgram: string;
export const samplePlanes: string;
export function ffmpegVersion(): string | undefined;
export function checkSeed(
  seed: number,
  place: (recipe: Recipe, make: (folder: string) => Promise<void>) => Promise<string>,
): Promise<SeedResult>;
export function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]>;
export function reproduction(result: SeedResult): string;
/** Which code made the stream and its reference; part of the cache's key. */
export const revision: number;
