// The curves of a training, point by point: the plot is 374 x 142 pixels from (52, 22).
import { describe, expect, it } from "vitest";
import { historyPlots } from "../../src/evaluation/history-plot.js";
import type { RecordedEpoch, TrainingHistory } from "../../src/training/history.js";

const nothing = {
  ...{ meanCosine: null, crossCosine: null, alignment: null, uniformity: null, learningRate: null, temperature: null },
};

function historyOf(epochs: readonly Pick<RecordedEpoch, "loss" | "validationLoss" | "auc">[]): TrainingHistory {
  const numbered = epochs.map((epoch, i) => ({ ...nothing, ...epoch, epoch: i + 1 }));
  return { schema: 1, end: "finished", bestEpoch: 2, epochs: numbered };
}

const page = (history: TrainingHistory) => String(historyPlots(history));

const three = [
  { loss: 3, validationLoss: null, auc: 0.5 },
  { loss: 2, validationLoss: 2, auc: 0.75 },
  { loss: 1, validationLoss: 1.5, auc: 1 },
];

describe("the plots of a training", () => {
  it("draw each loss of each epoch at its place, the largest at the top", () => {
    const drawn = page(historyOf(three));
    expect(drawn).toContain('class="roc frame" d="M52.00 22.00L239.00 93.00L426.00 164.00"');
    expect(drawn).toContain('class="roc video" d="M239.00 93.00L426.00 128.50"');
    expect(drawn).toContain('class="roc video" d="M52.00 164.00L239.00 93.00L426.00 22.00"');
  });

  it("number the axis where the values are", () => {
    expect(page(historyOf(three))).toContain(
      'y1="93.00" x2="426" y2="93.00"/><text class="tick end" x="44" y="97.00">2<',
    );
  });

  it("mark the epoch that was kept, in each plot", () => {
    const line = '<line class="threshold" x1="239.00" y1="22" x2="239.00" y2="164"/>';
    expect(page(historyOf(three)).split(line)).toHaveLength(3);
  });

  it("say in words what they show", () => {
    const drawn = page(historyOf(three));
    expect(drawn).toContain("training from 3 to 1; validation from nothing to 1.5, over 3 epochs; epoch 2 was kept.");
    expect(drawn).toContain("AUC by video from 0.5 to 1, over 3 epochs");
  });

  it("leave out a curve without numbers, be they null or NaN", () => {
    const without = (value: null | number) =>
      page(historyOf(three.map((epoch) => ({ ...epoch, validationLoss: value }))));
    expect(without(null)).not.toContain("validation from");
    expect(without(Number.NaN)).toBe(without(null));
    expect(without(Number.POSITIVE_INFINITY)).toBe(without(null));
  });
});
