// `unreel models`: what it prints, writes and refuses.
import { existsSync, mkdirSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../support/cli.js";
import { writeClip, writeTinyEncoder } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("models-cli");
const at = (name: string) => join(folder, name);
const models = (...args: readonly string[]) => runCli(["models", ...args]);

beforeAll(() => writeTinyEncoder(at("tiny.onnx")));

describe("unreel models make", () => {
  it("puts weights into a file of their own on request", async () => {
    const { status, stdout } = await models("make", "tiny", "--out", at("split.onnx"), "--external-data");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ name: "tiny", files: ["split.onnx", "split.onnx.data"] });
    expect(existsSync(at("split.onnx.data"))).toBe(true);
  });

  it("leaves nothing under the model's name when it is killed, and its remains go with the next run", async () => {
    mkdirSync(at("killed"));
    const path = join(at("killed"), "vit-b-16.onnx");
    const killed = await runCli(["models", "make", "vit-b-16", "--out", path, "--external-data"], {
      onStart: (child) => {
        const watcher = watch(at("killed"), () => child.kill("SIGKILL"));
        child.on("exit", () => watcher.close());
      },
    });
    expect(killed.signal).toBe("SIGKILL");
    expect(readdirSync(at("killed")).filter((name) => !name.startsWith(".unreel-"))).toEqual([]);
    expect((await models("make", "tiny", "--out", join(at("killed"), "tiny.onnx"))).status).toBe(0);
    expect(readdirSync(at("killed"))).toEqual(["tiny.onnx"]);
  });
});

describe("unreel models quantize", () => {
  it("prints one JSON document", async () => {
    mkdirSync(at("frames"));
    await writeClip(join(at("frames"), "clip.mp4"), 8);
    const { status, stdout } = await models(
      ...["quantize", at("tiny.onnx"), at("json.onnx"), "--json", "--frames", at("frames"), "--threads", "1"],
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      in: at("tiny.onnx"),
      file: at("json.onnx"),
      bytes: readFileSync(at("json.onnx")).length,
      form: "int8-rows-1",
      int8Layers: 14,
      keptLayers: [],
      cosine: { pictures: 8, over: `pictures of 1 file in ${at("frames")}` },
    });
  });

  it("says in words what was made, and over which pictures it was compared", async () => {
    const { status, stdout } = await models("quantize", at("tiny.onnx"), at("words.onnx"), "--threads", "1");
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /14 layers in 8 bits, SHA-256 [0-9a-f]{64}\ncosine min 0\.999\d+, .* 16 synthetic pictures\n$/,
    );
    const blind = await models("quantize", at("tiny.onnx"), at("blind.onnx"), "--no-compare");
    expect(blind.stdout).toContain("not compared with the original");
  });

  it("refuses with a code, and leaves no file", async () => {
    mkdirSync(at("out"));
    const out = join(at("out"), "int8.onnx");
    const refused = async (args: readonly string[], status: number, words: string) => {
      const result = await models("quantize", ...args);
      expect(result.stderr).toContain(words);
      expect(result).toMatchObject({ status, stdout: "" });
      expect(readdirSync(at("out"))).toEqual([]);
    };
    await refused([at("tiny.onnx"), out, "--min-cosine", "2"], 2, "between -1 and 1");
    await refused([at("missing.onnx"), out], 4, "ERR_UNREEL_MODEL_NOT_FOUND");
    await refused([at("tiny.onnx"), out, "--min-cosine", "1", "--threads", "1"], 1, "ERR_UNREEL_MODEL_INACCURATE");
    await models("quantize", at("tiny.onnx"), at("once.onnx"), "--no-compare");
    await refused([at("once.onnx"), out], 1, "ERR_UNREEL_MODEL_QUANTIZED");
  });
});
