import { checkRange } from "../validate.js";

/** A share of fakes that can be reckoned with: neither none nor all. */
export function checkPrevalence(value: unknown, name: string): number {
  return checkRange(value, Number.MIN_VALUE, 1 - Number.EPSILON / 2, name);
}

/**
 * The probability where the share of fakes is `to` and not `from`, all else being equal: its odds times the odds of `to`
 * over those of `from`. Source: Elkan, The foundations of cost-sensitive learning (2001), theorem 2; Saerens, Latinne,
 * Decaestecker, Adjusting the outputs of a classifier to new a priori probabilities (2002), eq. 2.4.
 */
export function atPrevalence(probability: number, from: number, to: number): number {
  const fake = (probability * to) / from;
  const real = ((1 - probability) * (1 - to)) / (1 - from);
  return fake / (fake + real);
}

/**
 * The share of fakes among what is called fake where a share `prevalence` of all is fake: tpr p / (tpr p + fpr (1 - p)).
 * Null where nothing is called fake.
 */
export function precisionAt(rates: { readonly tpr: number; readonly fpr: number }, prevalence: number): number | null {
  const fake = rates.tpr * prevalence;
  const real = rates.fpr * (1 - prevalence);
  return fake + real === 0 ? null : fake / (fake + real);
}
