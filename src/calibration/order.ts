import type { Grouped } from "../evaluation/bootstrap.js";

/**
 * From the lowest score up, ties by group and label: what is made of videos does not hang on the order they came in.
 * Scores are without the sign of a zero, which JSON would lose.
 */
export function inOrder(videos: readonly Grouped[]): Grouped[] {
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const rows = videos.map(({ label, score, group }) => ({ label, score: score + 0, group }));
  return rows.sort((a, b) => a.score - b.score || byText(a.group, b.group) || a.label - b.label);
}
