import type { Grouped } from "../evaluation/bootstrap.js";

/** From the lowest score up, ties by group and label: what is made of videos does not hang on the order they came in. */
export function inOrder(videos: readonly Grouped[]): Grouped[] {
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...videos].sort((a, b) => a.score - b.score || byText(a.group, b.group) || a.label - b.label);
}
