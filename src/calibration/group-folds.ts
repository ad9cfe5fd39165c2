import { Random } from "../random.js";

/**
 * The fold of each row, whole groups together: groups of reals, of fakes and of both are dealt out each by themselves, in
 * a seeded order, each to the fold that has fewest rows. Equal for equal rows, folds and seed.
 *
 * @returns folds from 0; there are no more than groups
 */
export function groupFolds(
  rows: readonly { readonly label: number; readonly group: string }[],
  folds: number,
  seed: number,
): Int32Array {
  const groups = new Map<string, { kind: number; rows: number }>();
  for (const { label, group } of rows) {
    const known = groups.get(group) ?? { kind: 0, rows: 0 };
    groups.set(group, { kind: known.kind | (label === 1 ? 2 : 1), rows: known.rows + 1 });
  }
  const foldOf = deal(groups, Math.min(folds, groups.size), new Random(seed));
  return Int32Array.from(rows, ({ group }) => foldOf.get(group) ?? 0);
}

function deal(
  groups: ReadonlyMap<string, { readonly kind: number; readonly rows: number }>,
  folds: number,
  random: Random,
): Map<string, number> {
  const foldOf = new Map<string, number>();
  for (const wanted of [1, 2, 3]) {
    const sizes = new Array<number>(folds).fill(0);
    for (const name of shuffled(
      [...groups.keys()].filter((each) => groups.get(each)?.kind === wanted).sort(),
      random,
    )) {
      const fold = sizes.indexOf(Math.min(...sizes));
      sizes[fold] = (sizes[fold] ?? 0) + (groups.get(name)?.rows ?? 0);
      foldOf.set(name, fold);
    }
  }
  return foldOf;
}

/** Fisher and Yates. */
function shuffled(names: readonly string[], random: Random): string[] {
  const left = [...names];
  return names.map(() => left.splice(random.below(left.length), 1)[0] ?? "");
}
