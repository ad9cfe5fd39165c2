import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../output-folder.js";
import type { EpochReport, HeadOrigin } from "./train-head.js";

/** The name of a head's history beside it. */
export const historyFile = "history.json";

/** An epoch as history.json has it: JSON knows no NaN, so what is not defined is null. */
export type RecordedEpoch = { readonly [K in keyof EpochReport]: EpochReport[K] | null };

/** history.json: how a training went. */
export interface TrainingHistory {
  readonly schema: 1;
  readonly end: HeadOrigin["end"];
  readonly bestEpoch: number;
  readonly epochs: readonly RecordedEpoch[];
}

/** Writes history.json. */
export async function writeHistory(dir: string, { end, bestEpoch, history }: HeadOrigin): Promise<void> {
  const content = { schema: 1, end, bestEpoch, epochs: history };
  await writeFileAtomic(join(dir, historyFile), `${JSON.stringify(content, null, 2)}\n`);
}

/** Reads history.json. Throws a plain Error that says what is wrong with it. */
export async function readHistory(dir: string): Promise<TrainingHistory> {
  return checkedHistory(JSON.parse(await readFile(join(dir, historyFile), "utf8")));
}

/** What the report needs of a history is there. Throws a plain Error that says what is wrong with it. */
export function checkedHistory(content: unknown): TrainingHistory {
  const history = content as TrainingHistory | null | undefined;
  const numbers = (epoch: Partial<RecordedEpoch> | null) =>
    [epoch?.loss, epoch?.validationLoss, epoch?.auc].every((value) => value === null || typeof value === "number");
  if (history?.schema !== 1 || !Array.isArray(history.epochs) || !history.epochs.every(numbers)) {
    throw new Error("it is no history of schema 1");
  }
  if (history.epochs[history.bestEpoch - 1] === undefined) throw new Error("bestEpoch names none of its epochs");
  return history;
}
