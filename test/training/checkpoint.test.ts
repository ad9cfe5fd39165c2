// Trainings that are kept in a file and gone on with: to the same bytes, or not at all.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSafetensors, type Tensor, type TensorFile, writeSafetensors } from "../../src/safetensors.js";
import type { ProjectionHead } from "../../src/training/head.js";
import { type EpochReport, TrainingError, type TrainingRows, trainHead } from "../../src/training/train-head.js";
import { temporaryFolder } from "../support/folders.js";
import { clusters } from "./clusters.js";

const folder = temporaryFolder("checkpoint");
const at = (name: string) => join(folder, name);

const dimension = 12;
const rows = 80;
const quick = { dim: 6, epochs: 6, batch: 16 };
const data: TrainingRows = { ...clusters(rows, dimension), rows, dimension };
/** The last 20 rows choose the epoch. */
const validation = Uint8Array.from({ length: rows }, (_, row) => (row >= 60 ? 1 : 0));

type State = Record<string, unknown> & { history: Record<string, unknown>[] };
type ChangedFile = TensorFile & { readonly tensors: Map<string, Tensor> };

const numbers = (data: Float32Array | Float64Array): Tensor => ({ shape: [data.length], data });
const wider: Tensor = { shape: [6, 13], data: new Float32Array(6 * 13) };

describe("trainHead with a checkpoint", () => {
  const options = {
    ...quick,
    epochs: 1500,
    patience: 0,
    batch: 20,
    head: "mlp",
    hidden: 8,
    dropout: 0.1,
    learnTemperature: true,
  } as const;
  const layersOf = (head: ProjectionHead) => head.layers;

  it("goes on from where a stopped run was, to the same bytes", async () => {
    const checkpoint = at("stopped.safetensors");
    const whole = await trainHead({ ...data, validation }, options);
    const stop = new AbortController();
    const onProgress = ({ epoch }: EpochReport) => epoch === 3 && stop.abort();
    const first = await trainHead({ ...data, validation }, { ...options, checkpoint, stop: stop.signal, onProgress });
    expect(first.end).toBe("stopped");
    expect(first.history.length).toBeLessThan(1500);
    expect(first.history.length).toBeGreaterThanOrEqual(3);
    const resumed: number[] = [];
    const onResume = (epochs: number) => resumed.push(epochs);
    const second = await trainHead({ ...data, validation }, { ...options, checkpoint, onResume, threads: 1 });
    expect(resumed).toEqual([first.history.length]);
    expect(second.end).toBe("finished");
    expect(layersOf(second)).toEqual(layersOf(whole));
    expect(second.history).toEqual(whole.history);
    // A run that is done is not done again.
    const third = await trainHead({ ...data, validation }, { ...options, checkpoint, onResume });
    expect(resumed).toEqual([first.history.length, 1500]);
    expect(layersOf(third)).toEqual(layersOf(whole));
  });

  it("goes on where nothing validates: what is NaN stays NaN", async () => {
    const checkpoint = at("nothing-validates.safetensors");
    const plain = { ...options, epochs: 400 };
    const stop = new AbortController();
    const onProgress = ({ epoch }: EpochReport) => epoch === 3 && stop.abort();
    const first = await trainHead(data, { ...plain, checkpoint, stop: stop.signal, onProgress });
    expect(first.end).toBe("stopped");
    const [second, whole] = [await trainHead(data, { ...plain, checkpoint }), await trainHead(data, plain)];
    expect(second.history).toEqual(whole.history);
    expect(second.history[0]?.validationLoss).toBeNaN();
    expect(layersOf(second)).toEqual(layersOf(whole));
  });

  it("copies all that it trains on: changing it afterwards changes nothing", async () => {
    const columns = () => ({
      x: Float32Array.from(data.x),
      labels: Int32Array.from(data.labels),
      validation: Uint8Array.from(validation),
      videos: Uint32Array.from({ length: rows }, (_, row) => row >> 2),
      groups: Uint32Array.from({ length: rows }, (_, row) => row >> 3),
    });
    const mine = columns();
    const running = trainHead({ ...data, ...mine }, { ...quick, checkpoint: at("copied.safetensors") });
    for (const column of Object.values(mine)) column.fill(1);
    const { layers, history } = await trainHead({ ...data, ...columns() }, quick);
    const head = await running;
    expect(head.layers).toEqual(layers);
    expect(head.history).toEqual(history);
  });

  it.each<[string, Partial<TrainingRows>, object]>([
    ["another seed", {}, { seed: 9 }],
    ["another loss", {}, { loss: "triplet" }],
    ["other validation rows", { validation }, {}],
    ["other labels", { labels: data.labels.map((label) => 1 - label) }, {}],
    ["other numbers", { x: data.x.map((value) => -value) }, {}],
    ["blocks", { blocks: [4, 8] }, {}],
    ["videos", { videos: Uint32Array.from({ length: rows }, (_, row) => row >> 2) }, {}],
    ["groups", { groups: Uint32Array.from({ length: rows }, (_, row) => row >> 2) }, {}],
  ])("does not go on from a run without %s", async (name, more, change) => {
    const checkpoint = at(`without ${name}.safetensors`);
    const plain = { ...quick, epochs: 2 };
    await trainHead(data, { ...plain, checkpoint });
    const onResume = () => expect.unreachable("it is another run");
    const fresh = await trainHead({ ...data, ...more }, { ...plain, ...change });
    const beside = await trainHead({ ...data, ...more }, { ...plain, ...change, checkpoint, onResume });
    expect(layersOf(beside)).toEqual(layersOf(fresh));
  });

  it("rejects when it is stopped before an epoch was whole", async () => {
    const stop = AbortSignal.abort();
    await expect(trainHead(data, { ...quick, stop })).rejects.toMatchObject({ code: "ERR_UNREEL_ABORTED" });
  });

  it.each<[string, () => Uint8Array]>([
    ["cut", () => readFileSync(at("whole.safetensors")).subarray(0, -8)],
    ["of another kind", () => readFileSync(at("head.safetensors"))],
    ["of text", () => Buffer.from("no checkpoint, whatever its name says")],
    ["without its optimizer", () => renamed(readFileSync(at("whole.safetensors")), '"optimizer"', '"optimiser"')],
    ["without its state", () => renamed(readFileSync(at("whole.safetensors")), '"state"', '"stale"')],
  ])("%s is refused and left alone", async (name, make) => {
    await trainHead(data, { ...quick, epochs: 1, checkpoint: at("whole.safetensors") });
    await (await trainHead(data, { ...quick, epochs: 1 })).save(at("head.safetensors"));
    const checkpoint = at(`${name.replaceAll(" ", "-")}.safetensors`);
    writeFileSync(checkpoint, make());
    const before = readFileSync(checkpoint);
    await expect(trainHead(data, { ...quick, checkpoint })).rejects.toMatchObject({
      code: "ERR_UNREEL_CHECKPOINT_INVALID",
      details: { path: checkpoint },
    });
    expect(readFileSync(checkpoint)).toEqual(before);
  });

  /** A state with some of its numbers changed, in JSON and in tensors. */
  async function changed(from: string, to: string, change: (state: State, file: ChangedFile) => void): Promise<void> {
    const { tensors, metadata } = await readSafetensors(from);
    const file = { tensors: new Map(tensors), metadata: { ...metadata } };
    const state = JSON.parse(metadata.state ?? "");
    change(state, file);
    await writeSafetensors(to, { ...file, metadata: { ...file.metadata, state: JSON.stringify(state) } });
  }

  it.each<[string, (state: State, file: ChangedFile) => void, RegExp]>([
    ["half an epoch", (state) => Object.assign(state, { epochs: 1.5 }), /state/],
    ["no epoch", (state) => Object.assign(state, { epochs: 0, history: [] }), /state/],
    ["half a step", (state) => Object.assign(state, { steps: 0.5 }), /state/],
    ["no best epoch", (state) => Object.assign(state, { bestEpoch: 0 }), /state/],
    ["a best epoch to come", (state) => Object.assign(state, { bestEpoch: 3 }), /state/],
    ["text for a scale", (state) => Object.assign(state, { logScale: "2" }), /state/],
    ["an epoch too few", (state) => Object.assign(state, { history: state.history.slice(1) }), /history/],
    ["epochs in disorder", (state) => state.history.reverse(), /epoch 1/],
    ["text for a loss", (state) => Object.assign(state.history[0] ?? {}, { loss: "low" }), /no loss of epoch 1/],
    ["an epoch without AUC", (state) => delete state.history[1]?.auc, /no auc of epoch 2/],
    ["null for an epoch", (state) => state.history.splice(1, 1, null as never), /epoch 2/],
    [
      "a short optimizer",
      (_, { tensors }) => tensors.set("optimizer", numbers(new Float64Array(3))),
      /optimizer has 3/,
    ],
    ["a classifier", (_, { tensors }) => tensors.set("classifier", numbers(new Float32Array(7))), /classifier has 7/],
    ["a wider head", (_, { tensors }) => tensors.set("head.weight", wider), /head is 13 to 6, not 12 to 6/],
    ["a wider best head", (_, { tensors }) => tensors.set("best.weight", wider), /best is 13 to 6, not 12 to 6/],
  ])("with %s is refused", async (name, change, message) => {
    const checkpoint = at(`with ${name}.safetensors`);
    const plain = { ...quick, epochs: 2 };
    await trainHead(data, { ...plain, checkpoint });
    await changed(checkpoint, checkpoint, change);
    await expect(trainHead(data, { ...plain, checkpoint })).rejects.toMatchObject({
      code: "ERR_UNREEL_CHECKPOINT_INVALID",
      message: expect.stringMatching(message),
      details: { path: checkpoint },
    });
  });

  it.each<object>([
    { head: "mlp", hidden: 5, optimizer: "sgd", term: "hinge" },
    { learnTemperature: true, term: "cross-entropy" },
    { loss: "triplet", optimizer: "sgd" },
  ])("knows the sizes of a training with %o", async (change) => {
    const checkpoint = at("sizes.safetensors");
    await trainHead(data, { ...quick, ...change, checkpoint });
    const resumed: number[] = [];
    await trainHead(data, { ...quick, ...change, checkpoint, onResume: (epochs) => resumed.push(epochs) });
    expect(resumed).toEqual([quick.epochs]);
  });

  it("ends when the checkpoint cannot be written", async () => {
    mkdirSync(at("folder"));
    const checkpoint = join(at("folder"), "nowhere", "checkpoint.safetensors");
    await expect(trainHead(data, { ...quick, epochs: 100_000, checkpoint })).rejects.toMatchObject({
      code: "ERR_UNREEL_OUTPUT_NOT_WRITABLE",
    });
  });

  it("keeps the state before a collapse", async () => {
    const checkpoint = at("collapsed.safetensors");
    const alike = { ...quick, epochs: 60, loss: "align-uniform", uniformWeight: 0, learningRate: 0.05 } as const;
    const error = await trainHead(data, { ...alike, checkpoint }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "TrainingError", code: "ERR_UNREEL_COLLAPSED" });
    const { details } = error as TrainingError;
    const resumed: number[] = [];
    const again = trainHead(data, { ...alike, checkpoint, onResume: (epochs) => resumed.push(epochs) });
    await expect(again).rejects.toMatchObject({ code: "ERR_UNREEL_COLLAPSED", details });
    expect(resumed).toEqual([Number(details.epoch) - 1]);
  });

  it("keeps the state before a divergence, and gives the best head of it", async () => {
    const checkpoint = at("diverged.safetensors");
    // A decay that turns weights around, 5,000 times as long each step, until they pass float's range.
    const wild = { ...quick, batch: 60, epochs: 60, warmUp: 0, learningRate: 1, weightDecay: 5000 };
    const error = await trainHead(data, { ...wild, checkpoint }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TrainingError);
    const { best, code, details } = error as TrainingError;
    expect(code).toBe("ERR_UNREEL_DIVERGED");
    const done = Number(details.epoch) - 1;
    expect(done).toBeGreaterThan(1);
    expect(best?.history).toHaveLength(done);
    const resumed: number[] = [];
    const again = trainHead(data, { ...wild, checkpoint, onResume: (epochs) => resumed.push(epochs) });
    await expect(again).rejects.toMatchObject({ code, details });
    expect(resumed).toEqual([done]);
  });
});

function renamed(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString("latin1").replace(from, to), "latin1");
}
