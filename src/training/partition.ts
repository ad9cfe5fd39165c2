import { UnreelError } from "../errors.js";
import { Random } from "../random.js";

/** What the partition needs of each row. */
export interface PartitionRows {
  /** 1 = fake, 0 = real. */
  readonly labels: Int32Array;
  readonly groups: readonly string[];
  /** `val` rows are the validation part, where there are any. */
  readonly splits: readonly (string | null | undefined)[];
}

/** Which rows choose (epoch, threshold) and train nothing. */
export interface Partition {
  /** 1 for validation rows. */
  readonly validation: Uint8Array;
  /** Sorted. */
  readonly validationGroups: readonly string[];
}

/**
 * Keeps whole groups for validation: those of split `val` where the data has it, else a seeded share of the groups, drawn
 * alike from groups of reals, of fakes and of both, so that each side has both classes. Same rows and seed: same groups.
 *
 * @throws UnreelError `ERR_UNREEL_ONE_CLASS`; `ERR_UNREEL_TOO_FEW_GROUPS` when a side would lack a class
 */
export function partition(rows: PartitionRows, share: number, seed: number): Partition {
  if (new Set(rows.labels).size < 2) {
    const only = rows.labels[0] === 1 ? "fake" : "real";
    throw new UnreelError(
      "ERR_UNREEL_ONE_CLASS",
      `All ${rows.labels.length} rows are ${only}; training needs real and fake ones.`,
      { rows: rows.labels.length },
    );
  }
  const named = new Set(rows.groups.filter((_, row) => rows.splits[row] === "val"));
  const chosen = named.size > 0 ? named : drawGroups(rows, share, seed);
  const validation = Uint8Array.from(rows.groups, (group) => (chosen.has(group) ? 1 : 0));
  for (const side of [0, 1]) {
    const labels = new Set(rows.labels.filter((_, row) => validation[row] === side));
    if (labels.size < 2) {
      throw new UnreelError(
        "ERR_UNREEL_TOO_FEW_GROUPS",
        `The ${side === 1 ? "validation" : "training"} side would lack a class: ${new Set(rows.groups).size} groups are too few, ` +
          "or a class stands in one group only. Give more videos of separate sources, or mark some as split val.",
        { groups: new Set(rows.groups).size },
      );
    }
  }
  return { validation, validationGroups: [...chosen].sort() };
}

function drawGroups(rows: PartitionRows, share: number, seed: number): Set<string> {
  const classes = new Map<string, number>();
  rows.groups.forEach((group, row) => {
    classes.set(group, (classes.get(group) ?? 0) | (rows.labels[row] === 1 ? 2 : 1));
  });
  const chosen = new Set<string>();
  const random = new Random(seed);
  for (const kind of [1, 2, 3]) {
    const groups = [...classes.keys()].filter((group) => classes.get(group) === kind).sort();
    const wanted = groups.length < 2 ? 0 : Math.min(groups.length - 1, Math.max(1, Math.round(groups.length * share)));
    for (let taken = 0; taken < wanted; taken++) {
      const [group] = groups.splice(random.below(groups.length), 1);
      if (group !== undefined) chosen.add(group);
    }
  }
  return chosen;
}
