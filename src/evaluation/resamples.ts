import { setImmediate as nextTurn } from "node:timers/promises";
import { Random } from "../random.js";

/** Rows' groups as numbers from 0, in order of their first row. */
export interface GroupNumbers {
  /** One a row. */
  readonly of: Int32Array;
  readonly count: number;
}

/** Resamples to draw, and the seed. */
export interface ResampleOptions {
  readonly samples: number;
  readonly seed: number;
}

export function numberGroups(rows: readonly { readonly group: string }[]): GroupNumbers {
  const numbers = new Map<string, number>();
  for (const { group } of rows) if (!numbers.has(group)) numbers.set(group, numbers.size);
  return { of: Int32Array.from(rows, ({ group }) => numbers.get(group) ?? 0), count: numbers.size };
}

/**
 * Draws groups with replacement, as many as there are, `samples` times; yields how often each was drawn, in one array
 * that the next draw changes. Equal for equal groups, samples and seed. Lets the event loop turn between resamples.
 */
export async function* drawGroups(groups: GroupNumbers, options: ResampleOptions): AsyncGenerator<Int32Array> {
  const random = new Random(options.seed);
  const drawn = new Int32Array(groups.count);
  let rowsSinceTurn = 0;
  for (let sample = 0; sample < options.samples; sample += 1) {
    drawn.fill(0);
    for (let i = 0; i < groups.count; i += 1) {
      const group = random.below(groups.count);
      drawn[group] = (drawn[group] ?? 0) + 1;
    }
    yield drawn;
    rowsSinceTurn += groups.of.length;
    if (rowsSinceTurn > 1_000_000) {
      rowsSinceTurn = 0;
      await nextTurn();
    }
  }
}
