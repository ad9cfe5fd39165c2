/** How far a maker's probabilities are from the truth. */
export interface Figures {
  readonly eceTruth: number;
  readonly rmsTruth: number;
  readonly ece: number;
  readonly brier: number;
  readonly logLoss: number;
}

export const makers: readonly ["unreel", "libsvm, mean", "libsvm, median"];
export const figures: readonly (keyof Figures)[];

export function simulate(
  count: number,
  seed: number,
): { readonly label: 0 | 1; readonly truth: number; readonly rows: Float32Array }[];

export function calibrationTrial(
  unreel: typeof import("../../src/index.js"),
  folder: string,
  seed: number,
  sizes: { readonly videos: number; readonly tests: number },
): Promise<Readonly<Record<(typeof makers)[number] | "truth", Figures>>>;
