import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnreelError } from "../../src/errors.js";
import { type Partition, type PartitionRows, partition } from "../../src/training/partition.js";

interface Row {
  readonly label: 0 | 1;
  readonly group: string;
  readonly split: string | undefined;
}

function rowsOf(rows: readonly Row[]): PartitionRows {
  return {
    labels: Int32Array.from(rows, ({ label }) => label),
    groups: rows.map(({ group }) => group),
    splits: rows.map(({ split }) => split),
  };
}

/** The partition; undefined where the rows have one class, or too few groups for it. */
function partitionOf(rows: readonly Row[], share: number, seed: number): Partition | undefined {
  try {
    return partition(rowsOf(rows), share, seed);
  } catch (error) {
    if (!(error instanceof UnreelError)) throw error;
    const oneClass = new Set(rows.map(({ label }) => label)).size < 2;
    expect(error.code).toBe(oneClass ? "ERR_UNREEL_ONE_CLASS" : "ERR_UNREEL_TOO_FEW_GROUPS");
    const groups = new Set(rows.map(({ group }) => group)).size;
    expect(error.details).toEqual(oneClass ? { rows: rows.length } : { groups });
    return undefined;
  }
}

const label = fc.constantFrom<0 | 1>(0, 1);
const group = fc.nat(7).map((n) => `g${n}`);
const drawn = fc.array(fc.record({ label, group, split: fc.constantFrom("train", undefined) }), { maxLength: 40 });
const named = fc.array(fc.record({ label, group, split: fc.constantFrom("train", "val", undefined) }), {
  maxLength: 40,
});
const share = fc.double({ min: 0, max: 1, noNaN: true });
const seed = fc.nat(2 ** 31);

/** n groups of one real and one fake each: fakes with their sources. */
function pairs(n: number): Row[] {
  return Array.from({ length: 2 * n }, (_, i) => ({
    label: i % 2 === 0 ? 0 : 1,
    group: `g${i >> 1}`,
    split: undefined,
  }));
}

describe("a partition", () => {
  it("tears no group apart, gives both classes to both sides, and names the validation groups", () => {
    let made = 0;
    fc.assert(
      fc.property(fc.oneof(drawn, named), share, seed, (rows, part, from) => {
        const parts = partitionOf(rows, part, from);
        if (parts === undefined) return;
        made++;
        const { validation, validationGroups } = parts;
        expect(validation).toHaveLength(rows.length);
        const groupsOn = (side: number) =>
          new Set(rows.filter((_, at) => validation[at] === side).map((row) => row.group));
        expect(validationGroups).toEqual([...groupsOn(1)].sort());
        expect(validationGroups.filter((name) => groupsOn(0).has(name))).toEqual([]);
        for (const side of [0, 1]) {
          expect(new Set(rows.filter((_, at) => validation[at] === side).map((row) => row.label)).size).toBe(2);
        }
      }),
      { numRuns: 1000 },
    );
    expect(made).toBeGreaterThan(100);
  });

  it("takes the groups of split val where the data has it, whatever the share", () => {
    fc.assert(
      fc.property(named, share, seed, (rows, part, from) => {
        const val = [...new Set(rows.filter(({ split }) => split === "val").map((row) => row.group))].sort();
        fc.pre(val.length > 0);
        const parts = partitionOf(rows, part, from);
        if (parts !== undefined) expect(parts.validationGroups).toEqual(val);
      }),
    );
  });

  it("takes the share of the groups, one at least and all but one at most", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), share, seed, (n, part, from) => {
        const wanted = Math.min(n - 1, Math.max(1, Math.round(n * part)));
        expect(partitionOf(pairs(n), part, from)?.validationGroups).toHaveLength(wanted);
      }),
    );
  });

  it("takes the share of the groups of reals and of the groups of fakes", () => {
    const rows = Array.from(
      { length: 24 },
      (_, i): Row => ({ label: i < 8 ? 0 : 1, group: `g${i}`, split: undefined }),
    );
    const chosen = partition(rowsOf(rows), 0.25, 3).validationGroups.map((name) => Number(name.slice(1)));
    expect(chosen.filter((at) => at < 8)).toHaveLength(2);
    expect(chosen.filter((at) => at >= 8)).toHaveLength(4);
  });

  it("is the same for a seed, whatever the order of the rows, and another for others", () => {
    const rows = pairs(12);
    const groupsFor = (from: number, all: readonly Row[] = rows) => partition(rowsOf(all), 0.25, from).validationGroups;
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        expect(groupsFor(5, shuffled)).toEqual(groupsFor(5));
      }),
    );
    expect(new Set(Array.from({ length: 30 }, (_, from) => groupsFor(from).join())).size).toBeGreaterThan(15);
  });

  it.each([
    ["one group", pairs(1), /1 groups are too few/],
    ["the fakes in one group", pairs(6).filter((row) => row.label === 0 || row.group === "g0"), /lack a class/],
    [
      "a split val of reals alone",
      pairs(4).map((row): Row => ({ ...row, group: `${row.group}${row.label}`, split: row.label ? "train" : "val" })),
      /lack a class/,
    ],
  ])("is refused with %s", (_what, rows, message) => {
    expect(() => partition(rowsOf(rows), 0.25, 1)).toThrow(
      expect.objectContaining({ code: "ERR_UNREEL_TOO_FEW_GROUPS", message: expect.stringMatching(message) }),
    );
  });

  it("is refused with one class, as every training is", () => {
    for (const label of [0, 1]) {
      const rows = rowsOf(pairs(6).filter((row) => row.label === label));
      expect(() => partition(rows, 0.25, 1)).toThrow(expect.objectContaining({ code: "ERR_UNREEL_ONE_CLASS" }));
    }
  });
});
