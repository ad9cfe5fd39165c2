// The reader and editor of ONNX files, against the onnx package and files of real exporters.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { loadEncoder, makeModel } from "../../src/index.js";
import { ExternalDataFile, OnnxModel, OnnxNode, OnnxTensor } from "../../src/models/onnx/index.js";
import { gather } from "../../src/models/protobuf.js";
import { writeModel } from "../../src/models/write-model.js";
import { asset, haveAssets, withoutAssets } from "../support/assets.js";
import { temporaryFolder } from "../support/folders.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";

const folder = temporaryFolder("onnx");
const at = (name: string) => join(folder, name);
const havePython = referencePython() !== undefined;
const clipTiny = asset("models", "clip-tiny");
const exported = haveAssets ? readdirSync(clipTiny).filter((name) => name.endsWith(".onnx")) : [];
const tiny = at("tiny.onnx");

beforeAll(async () => {
  await makeModel("tiny", tiny, { seed: 5 });
});

/** Reads a file and writes it again, with an edit in between. */
async function rewrite(
  from: string,
  to: string,
  options: Parameters<typeof writeModel>[2] = {},
  edit: (model: OnnxModel) => void = () => undefined,
): Promise<string> {
  await using model = await OnnxModel.open(from);
  edit(model);
  await writeModel(to, model, options);
  return to;
}

/** Lets every part be written anew instead of as it stood in the file. */
function touchEverything({ graph }: OnnxModel): void {
  graph.nodes = graph.nodes.map((node) => node.with({}));
  for (const tensor of [...graph.initializers.values()]) {
    if (tensor.data !== undefined) graph.add(tensor.renamed(tensor.name));
  }
}

const differences = (a: string, b: string) => runReference("onnx_equal.py", [a, b]);

describe(`a file that is read and written${haveAssets ? "" : ` (${withoutAssets})`}`, () => {
  it.each(exported)("has the same bytes: %s", async (name) => {
    const written = await rewrite(join(clipTiny, name), at(`again-${name}`));
    expect(readFileSync(written).equals(readFileSync(join(clipTiny, name)))).toBe(true);
  });

  it("has the same bytes: a model of unreel", async () => {
    expect(readFileSync(await rewrite(tiny, at("again.onnx"))).equals(readFileSync(tiny))).toBe(true);
  });

  it.skipIf(!havePython).each(exported)(
    `is the same model to the onnx package when every part is written anew: %s (${withoutPython})`,
    async (name) => {
      const written = await rewrite(join(clipTiny, name), at(`touched-${name}`), {}, touchEverything);
      expect(await differences(join(clipTiny, name), written)).toBe("");
    },
  );
});

describe("what is seen of a file", () => {
  it("is what the seeded model says of itself", async () => {
    await using model = await OnnxModel.open(tiny);
    expect(model.producer).toBe("unreel");
    expect(Object.fromEntries(model.opsets)).toEqual({ "": 17 });
    expect(model.metadata.get("unreel.architecture")).toBe("tiny");
    const { graph } = model;
    expect(graph.inputs.map(({ name, type, shape }) => ({ name, type, shape }))).toEqual([
      { name: "pixel_values", type: 1, shape: ["batch", 3, 224, 224] },
    ]);
    const conv = graph.nodes.find((node) => node.is("Conv"));
    expect(conv?.attributes.get("strides")?.ints).toEqual([32, 32]);
    expect(graph.producers().get("image_embeds")?.type).toBe("Gemm");
    expect(
      graph
        .consumers()
        .get("pixel_values")
        ?.map(({ type }) => type),
    ).toEqual(["Conv", "Shape"]);
    expect(await graph.initializers.get("shape.rows")?.integerValues()).toEqual([-1, 48]);
    const slope = await graph.initializers.get("quick_gelu.slope")?.floatValues();
    expect(slope?.[0]).toBeCloseTo(1.702, 6);
  });

  it.skipIf(!havePython)(`is every constant's bytes, whatever field they stand in (${withoutPython})`, async () => {
    const raw = JSON.parse(await runReference("onnx_typed_tensors.py", [at("typed.onnx")]));
    await using model = await OnnxModel.open(at("typed.onnx"));
    for (const [name, hex] of Object.entries(raw)) {
      expect(Buffer.from((await model.graph.initializers.get(name)?.bytes()) ?? []).toString("hex"), name).toBe(hex);
    }
    expect(await rewrite(at("typed.onnx"), at("typed-again.onnx"), {}, touchEverything)).toBe(at("typed-again.onnx"));
    await using again = await OnnxModel.open(at("typed-again.onnx"));
    for (const [name, hex] of Object.entries(raw)) {
      expect(Buffer.from((await again.graph.initializers.get(name)?.bytes()) ?? []).toString("hex"), name).toBe(hex);
    }
  });
});

describe("weights in a file of their own", () => {
  it.skipIf(!havePython)(`are the same model to the onnx package, there and back (${withoutPython})`, async () => {
    const split = await rewrite(tiny, at("split.onnx"), { externalData: true });
    expect(existsSync(at("split.onnx.data"))).toBe(true);
    expect(await differences(tiny, split)).toBe("");
    expect(await differences(tiny, await rewrite(split, at("joined.onnx")))).toBe("");
  });

  it("come by themselves where one file would be too large", async () => {
    await rewrite(tiny, at("limited.onnx"), { largestFile: 500_000 });
    expect(readFileSync(at("limited.onnx")).length).toBeLessThan(50_000);
    expect(await rewrite(at("limited.onnx"), at("whole.onnx"))).toBe(at("whole.onnx"));
    expect(existsSync(at("whole.onnx.data"))).toBe(false);
  });

  it("load in the engine and give the embedding of the single file", async () => {
    await rewrite(tiny, at("engine.onnx"), { externalData: true });
    const crop = Uint8Array.from({ length: 224 * 224 * 3 }, (_, i) => (i * 31) & 255);
    await using one = await loadEncoder(tiny);
    await using two = await loadEncoder(at("engine.onnx"));
    expect(await two.encode(crop)).toEqual(await one.encode(crop));
  });

  it("are found where a hub's cache links to them", async () => {
    mkdirSync(at("blobs"));
    mkdirSync(at("snapshot"));
    await rewrite(tiny, join(at("blobs"), "model.onnx"), { externalData: true });
    for (const name of ["model.onnx", "model.onnx.data"])
      symlinkSync(join("../blobs", name), join(at("snapshot"), name));
    await using model = await OnnxModel.open(join(at("snapshot"), "model.onnx"));
    expect((await model.graph.initializers.get("visual_projection.weight")?.floatValues())?.length).toBe(48 * 48);
  });

  it.each([
    ["../secret.data", /outside the model's folder/],
    ["/etc/hostname", /outside the model's folder/],
    ["link.data", /outside the model's folder/],
    ["missing.data", /not beside the model/],
    ["short.data", /has 3/],
  ])("are refused at %s", async (location, words) => {
    const home = at(`home-${basename(location)}`);
    mkdirSync(home);
    writeFileSync(join(folder, "secret.data"), Buffer.alloc(1 << 20));
    symlinkSync("../secret.data", join(home, "link.data"));
    writeFileSync(join(home, "short.data"), "abc");
    await using model = await OnnxModel.open(tiny);
    writeFileSync(join(home, "bad.onnx"), await gather(model.encode(new ExternalDataFile(location))));
    const failed = OnnxModel.open(join(home, "bad.onnx"));
    await expect(failed).rejects.toMatchObject({ code: "ERR_UNREEL_MODEL_INVALID" });
    await expect(failed).rejects.toThrow(words);
  });
});

describe("edits", () => {
  it("rename values, replace a node by others, and drop what nobody reads any more", async () => {
    const edited = await rewrite(tiny, at("edited.onnx"), {}, ({ graph, metadata }) => {
      const gemm = graph.producers().get("image_embeds");
      if (gemm === undefined) throw new Error("no Gemm");
      const [x = "", weight = ""] = gemm.inputs;
      graph.add(OnnxTensor.floats("two", [], [2]));
      graph.replace(gemm, [
        gemm.with({ outputs: ["half"] }),
        { type: "Mul", inputs: ["half", "two"], outputs: ["image_embeds"] },
      ]);
      graph.nodes.unshift(OnnxNode.of({ type: "Identity", inputs: ["pixel_values"], outputs: ["unused"] }));
      graph.add(OnnxTensor.integers("alone", [1, 2, 3]));
      graph.prune();
      expect(graph.freeName(x)).not.toBe(x);
      expect(graph.initializers.has("alone")).toBe(false);
      expect(graph.initializers.has(weight)).toBe(true);
      metadata.set("edited", "yes");
    });
    const crop = Uint8Array.from({ length: 224 * 224 * 3 }, (_, i) => (i * 7) & 255);
    await using before = await loadEncoder(tiny);
    await using after = await loadEncoder(edited);
    expect(await after.encode(crop)).toEqual((await before.encode(crop)).map((value) => value * 2));
    if (havePython) expect(JSON.parse(await runReference("onnx_facts.py", [edited])).metadata.edited).toBe("yes");
  });

  it("leave no file where writing is aborted half-way, and none of their own kind", async () => {
    const home = at("aborted");
    mkdirSync(home);
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const failed = rewrite(tiny, join(home, "m.onnx"), { externalData: true, signal: controller.signal, onProgress });
    await expect(failed).rejects.toMatchObject({ code: "ERR_UNREEL_ABORTED" });
    expect(readdirSync(home)).toEqual([]);
  });

  it("never replace a file that unreel did not make, nor weights beside one", async () => {
    writeFileSync(at("foreign.onnx"), "somebody's weights");
    await expect(rewrite(tiny, at("foreign.onnx"))).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
    writeFileSync(at("fresh.onnx.data"), "somebody's weights");
    const failed = rewrite(tiny, at("fresh.onnx"), { externalData: true });
    await expect(failed).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
    expect(readFileSync(at("fresh.onnx.data"), "utf8")).toBe("somebody's weights");
  });
});

describe("a damaged file", () => {
  const outcome = async (content: Uint8Array): Promise<string> => {
    writeFileSync(at("damaged.onnx"), content);
    try {
      await using model = await OnnxModel.open(at("damaged.onnx"));
      await gather(model.encode());
      return "read";
    } catch (error) {
      expect(error).toMatchObject({ code: "ERR_UNREEL_MODEL_INVALID", details: { path: at("damaged.onnx") } });
      return "refused";
    }
  };

  it("is refused wherever it is cut off, with the place", async () => {
    const whole = readFileSync(tiny);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
        expect(await outcome(whole.subarray(0, length))).toBe("refused");
      }),
      { numRuns: 60 },
    );
  });

  it("is read or refused whatever bytes it has, and nothing else happens", async () => {
    const whole = await header();
    const flips = fc.array(fc.tuple(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const content = Uint8Array.from(whole);
        for (const [place, byte] of changes) content[place] = byte;
        await outcome(content);
      }),
      { numRuns: 400 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (content) => {
        await outcome(content);
      }),
      { numRuns: 200 },
    );
  });

  it("is refused where there is none, or a folder", async () => {
    for (const path of [at("nothing.onnx"), folder]) {
      await expect(OnnxModel.open(path)).rejects.toMatchObject({ code: "ERR_UNREEL_MODEL_NOT_FOUND" });
    }
  });
});

/** A model that is nearly all structure: the weights of the tiny one made short. */
async function header(): Promise<Uint8Array> {
  await using model = await OnnxModel.open(tiny);
  for (const tensor of [...model.graph.initializers.values()]) {
    if (tensor.isFloat) model.graph.add(OnnxTensor.floats(tensor.name, [1], [1]));
  }
  return gather(model.encode());
}
