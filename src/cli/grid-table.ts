import type { GridPoint, SvmGrid } from "../training/svm-grid.js";

const columns = ["C", "gamma", "mean AUC", "s.e.", "95 % interval"] as const;
const widths = [9, 9, 9, 8, 18] as const;

/** The table of a grid for people, one line a point. */
export function gridText({ points, best, chosen }: SvmGrid): string {
  const line = (cells: readonly string[]) => cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join(" ");
  const lines = points.map((point, i) => {
    const marks = [...(i === best ? ["best"] : []), ...(i === chosen ? ["chosen"] : [])].join(", ");
    return `${line(cellsOf(point))}  ${marks}`.trimEnd();
  });
  return [
    "AUC of whole videos over the folds; chosen is the smallest C, then gamma, within one standard error of the best.",
    line(columns),
    ...lines,
  ].join("\n");
}

function cellsOf({ c, gamma, auc, standardError, interval }: GridPoint): string[] {
  const shown = (value: number) => String(Number(value.toPrecision(4)));
  return [
    shown(c),
    gamma === 0 ? "-" : shown(gamma),
    auc.toFixed(4),
    standardError.toFixed(4),
    interval === null ? "-" : `${interval[0].toFixed(4)} to ${interval[1].toFixed(4)}`,
  ];
}
