// Models by name: registries, the list, verifying, and loading an encoder by its name.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type CodedError,
  diagnose,
  listModels,
  loadEncoder,
  makeModel,
  pullModel,
  verifyModels,
} from "../../src/index.js";
import { registeredModels } from "../../src/models/registry.js";
import { resolveModel } from "../../src/models/resolve.js";
import { jsonLines, runCli } from "../support/cli.js";
import { temporaryFolder } from "../support/folders.js";
import { commit, type HubServer, modelBytes, repository, sha256Of, startHub, stubHub } from "./hub-server.js";

const root = temporaryFolder("registry");
const own = "clip-vit-b-32-int8";
const path = "onnx/vision_model.onnx";
const source = `hf:${repository}/${path}@${commit}`;

let folder: string;
let server: HubServer;
let bytes: Buffer;
let entry: Record<string, unknown>;
let tests = 0;

beforeEach(async () => {
  folder = join(root, String(tests++));
  mkdirSync(join(folder, "models"), { recursive: true });
  await makeModel("tiny", join(folder, "tiny.onnx"));
  bytes = readFileSync(join(folder, "tiny.onnx"));
  server = await startHub({ [path]: { bytes }, "other.onnx": { bytes: modelBytes(5000) } });
  stubHub(server.hub.origin, folder);
  entry = { source, bytes: bytes.length, sha256: sha256Of(bytes), licence: "MIT", description: "A small one" };
});

afterEach(() => vi.unstubAllEnvs());

const place = () => join(folder, "models/hf", repository, commit, path);
const writeRegistry = (document: unknown, name = join(folder, "models/registry.json")) =>
  writeFileSync(name, typeof document === "string" ? document : JSON.stringify(document));
const register = (fields: object = {}, name = "my-tiny") =>
  writeRegistry({ schema: 1, models: { [name]: { ...entry, ...fields } } });
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as CodedError,
  );

describe("a registry", () => {
  test("of unreel pins CLIP ViT-B/32 to a commit, a size and a hash", async () => {
    expect(await registeredModels()).toEqual([
      {
        name: own,
        source: {
          owner: "Xenova",
          repo: "clip-vit-base-patch32",
          file: "onnx/vision_model_quantized.onnx",
          revision: "d15189d7028b43f1d3e65039190477f6af591c2a",
        },
        bytes: 89_117_001,
        sha256: "583fd1110a514667812fee7d684952aaf82a99b959760c8d7dca7e0ab9839299",
        licence: expect.any(String),
        description: expect.any(String),
        registry: "unreel",
      },
    ]);
  });

  test("of the user lies in the folder of models, or where UNREEL_REGISTRY says", async () => {
    register();
    expect((await registeredModels()).map(({ name }) => name)).toEqual([own, "my-tiny"]);
    writeRegistry({ schema: 1, models: {} }, join(folder, "mine.json"));
    vi.stubEnv("UNREEL_REGISTRY", join(folder, "mine.json"));
    expect((await registeredModels()).map(({ name }) => name)).toEqual([own]);
    vi.stubEnv("UNREEL_REGISTRY", join(folder, "none.json"));
    expect(await failure(registeredModels())).toMatchObject({ code: "ERR_UNREEL_REGISTRY_INVALID" });
  });

  test.each<[string, object | undefined, string]>([
    ["source", { source: "https://hub/x.onnx" }, "models.my-tiny.source"],
    ["source", { source: "hf:a/b@main" }, "models.my-tiny.source"],
    ["source", { source: `hf:${repository}/${path}@main` }, "models.my-tiny.source"],
    ["source", { source: undefined }, "models.my-tiny.source"],
    ["bytes", { bytes: "1" }, "models.my-tiny.bytes"],
    ["bytes", { bytes: 0 }, "models.my-tiny.bytes"],
    ["sha256", { sha256: "ab" }, "models.my-tiny.sha256"],
    ["licence", { licence: "" }, "models.my-tiny.licence"],
    ["description", { description: 1 }, "models.my-tiny.description"],
    ["unknown field", { license: "MIT" }, "models.my-tiny.license"],
  ])("with a wrong %s (%o) is refused by the field's name", async (_what, fields, field) => {
    register(fields);
    const error = await failure(registeredModels());
    expect(error).toMatchObject({ code: "ERR_UNREEL_REGISTRY_INVALID", details: { field } });
    expect(error?.message).toContain(field);
  });

  test.each<[string, unknown]>([
    ["{", undefined],
    ["[]", undefined],
    ["null", undefined],
    ['{"schema":2,"models":{}}', "schema"],
    ['{"schema":1,"models":[]}', "models"],
    ['{"schema":1,"models":{"a":1}}', "models.a"],
    ['{"schema":1,"models":{"A b":{}}}', "models.A b"],
    ['{"schema":1,"models":{},"more":1}', "more"],
  ])("%s is refused", async (text, field) => {
    writeRegistry(text);
    expect(await failure(registeredModels())).toMatchObject({
      code: "ERR_UNREEL_REGISTRY_INVALID",
      details: { path: join(folder, "models/registry.json"), ...(field !== undefined && { field }) },
    });
  });

  test("may not give one of unreel's names to something else", async () => {
    register({}, own);
    expect(await failure(registeredModels())).toMatchObject({ details: { field: `models.${own}` } });
  });

  test("that is wrong is an error of every command, with exit code 1", async () => {
    register({ bytes: 0 });
    const results = await Promise.all(
      ["list", "verify", "pull my-tiny"].map((words) => runCli(["models", ...words.split(" ")])),
    );
    expect(results.map(({ status }) => status)).toEqual([1, 1, 1]);
    for (const { stderr } of results) expect(stderr).toContain("models.my-tiny.bytes");
  });
});

describe("a registered name", () => {
  test("is pulled, listed, verified and loaded", async () => {
    register();
    expect(await failure(loadEncoder("my-tiny"))).toMatchObject({
      code: "ERR_UNREEL_MODEL_NOT_FOUND",
      message: expect.stringContaining("unreel models pull my-tiny"),
    });
    const pulled = await pullModel("my-tiny");
    expect(pulled).toMatchObject({ name: "my-tiny", licence: "MIT", file: place(), source, from: "hub" });
    // The registry says all that the hub's interface could.
    expect(server.hub.requests.filter(({ url }) => url?.startsWith("/api/"))).toEqual([]);
    await using byName = await loadEncoder("my-tiny");
    await using bySource = await loadEncoder(source);
    await using byPath = await loadEncoder(pulled.file);
    expect(byName.info).toEqual(byPath.info);
    expect(bySource.info).toEqual(byPath.info);
    expect(byName.info.parts[0]?.path).toBe(place());
  });

  test("is known by its source, too", async () => {
    register();
    expect(await pullModel(source)).toMatchObject({ name: "my-tiny", licence: "MIT" });
  });

  test("with another hash than the registry's is refused", async () => {
    register();
    expect(await failure(pullModel("my-tiny", { sha256: "0".repeat(64) }))).toMatchObject({
      code: "ERR_UNREEL_INVALID_ARGUMENT",
    });
  });

  test("whose file has another size on the server is refused before it is fetched", async () => {
    register({ bytes: bytes.length + 1 });
    expect(await failure(pullModel("my-tiny"))).toMatchObject({ code: "ERR_UNREEL_HASH_MISMATCH" });
    expect(existsSync(place())).toBe(false);
  });

  test("that no registry has is an error that says which there are", async () => {
    const error = await failure(pullModel("clip-vit-g"));
    expect(error).toMatchObject({ code: "ERR_UNREEL_MODEL_NOT_FOUND", message: expect.stringContaining(own) });
    expect(await failure(loadEncoder("clip-vit-g"))).toMatchObject({ message: expect.stringContaining(own) });
  });

  test("gives way to a file of that name", async () => {
    register({}, "tiny.onnx");
    expect(await resolveModel(join(folder, "tiny.onnx"))).toEqual({ file: join(folder, "tiny.onnx") });
  });

  test("whose file has changed since is not loaded", async () => {
    register();
    await pullModel("my-tiny");
    writeFileSync(place(), bytes.subarray(1));
    expect(await failure(loadEncoder("my-tiny"))).toMatchObject({ code: "ERR_UNREEL_HASH_MISMATCH" });
  });

  test("of an hf: source that was not pulled is an error with the command", async () => {
    expect(await failure(loadEncoder(source))).toMatchObject({
      code: "ERR_UNREEL_MODEL_NOT_FOUND",
      message: expect.stringContaining(`unreel models pull ${source}`),
    });
    expect(await failure(loadEncoder("hf:a/b"))).toMatchObject({ code: "ERR_UNREEL_INVALID_ARGUMENT" });
  });
});

describe("the list", () => {
  test("has what is registered and what was pulled", async () => {
    register();
    const other = `hf:${repository}/other.onnx@${commit}`;
    await pullModel("my-tiny");
    await pullModel(other);
    const listed = await listModels();
    expect(listed.map(({ name, state, licence }) => [name, state, licence])).toEqual([
      [own, "absent", expect.any(String)],
      ["my-tiny", "pulled", "MIT"],
      [undefined, "pulled", "mit"],
    ]);
    expect(listed[2]).toEqual({
      source: other,
      bytes: 5000,
      sha256: sha256Of(modelBytes(5000)),
      licence: "mit",
      state: "pulled",
      file: join(dirname(dirname(place())), "other.onnx"),
    });
    const text = (await runCli(["models", "list"])).stdout;
    expect(text).toContain("my-tiny\n");
    expect(text).toContain(`${other}\n`);
    expect(JSON.parse((await runCli(["models", "list", "--json"])).stdout)).toEqual(listed);
    expect(diagnose().findings.find(({ name }) => name === "models")).toEqual({
      name: "models",
      ok: true,
      version: "2 pulled",
      path: join(folder, "models"),
    });
  });

  test("says what was begun", async () => {
    register();
    mkdirSync(dirname(place()), { recursive: true });
    writeFileSync(`${place()}.part`, bytes.subarray(9));
    expect((await listModels()).find(({ name }) => name === "my-tiny")?.state).toBe("partial");
  });

  test("passes over records that were copied elsewhere or damaged", async () => {
    await pullModel(source);
    const record = readFileSync(`${place()}.unreel.json`);
    writeFileSync(join(dirname(place()), "copied.onnx.unreel.json"), record);
    writeFileSync(join(dirname(place()), "damaged.onnx.unreel.json"), record.subarray(9));
    expect((await listModels()).map(({ source: each }) => each).slice(1)).toEqual([source]);
  });
});

describe("verifying", () => {
  test("finds each state, and is no success unless all are right", async () => {
    register();
    await pullModel("my-tiny");
    expect(await verifyModels()).toMatchObject([{ model: "my-tiny", state: "ok", sha256: sha256Of(bytes) }]);
    const stranger = join(folder, "stranger.onnx");
    writeFileSync(stranger, "x");
    const names = ["my-tiny", source, place(), join(folder, "tiny.onnx"), stranger, join(folder, "none.onnx"), own];
    expect((await verifyModels(names)).map(({ state }) => state)).toEqual([
      "ok",
      "ok",
      "ok",
      "ok",
      "unknown",
      "missing",
      "missing",
    ]);
    writeFileSync(place(), Buffer.concat([bytes.subarray(1), Buffer.from("x")]));
    expect(await verifyModels()).toMatchObject([{ state: "wrong", expected: sha256Of(bytes) }]);
  });

  test("on the command line", async () => {
    register();
    await pullModel("my-tiny");
    const verify = (...words: string[]) => runCli(["models", "verify", ...words]);
    expect(await verify()).toMatchObject({ status: 0, stdout: "ok      my-tiny\n" });
    const tiny = join(folder, "tiny.onnx");
    expect(await verify(tiny)).toMatchObject({ status: 0, stdout: `ok      ${tiny}: it is my-tiny\n` });
    writeFileSync(tiny, "other");
    const unknown = await verify(tiny);
    expect(unknown).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(`unknown ${tiny}: not pulled by unreel`),
    });
    writeFileSync(place(), "short");
    const wrong = await verify("--json");
    expect(wrong.status).toBe(1);
    expect(JSON.parse(wrong.stdout)).toMatchObject([
      { model: "my-tiny", state: "wrong", note: `it has 5 bytes, not ${bytes.length}` },
    ]);
    rmSync(join(folder, "models"), { recursive: true });
    expect(await verify()).toMatchObject({ status: 0, stdout: "", stderr: "No model was pulled yet.\n" });
  });
});

describe("the command line", () => {
  test("pulls to a file, says the licence, and has exit codes", async () => {
    register();
    const out = join(folder, "encoder.onnx");
    const pulled = await runCli(["models", "pull", "my-tiny", "--out", out]);
    expect(pulled.status).toBe(0);
    expect(pulled.stderr).toBe("Licence: MIT\n");
    expect(jsonLines(pulled.stdout)).toMatchObject([{ name: "my-tiny", file: out, from: "hub" }]);
    const codes: [string[], number][] = [
      [["no-such-name"], 4],
      [["my-tiny", "--offline"], 4],
      [[`hf:${repository}/${path}@main`], 2],
      [[`hf:${repository}/nothing.onnx@${commit}`], 1],
      [["my-tiny", "--sha256", "12"], 2],
    ];
    const results = await Promise.all(codes.map(([words]) => runCli(["models", "pull", ...words])));
    expect(results.map(({ status }) => status)).toEqual(codes.map(([, code]) => code));
  });

  test("extracts with the name of a pulled model", async () => {
    register();
    const missing = await runCli(["extract", "x.mp4", "--encoder", "my-tiny", "--out", join(folder, "features")]);
    expect(missing.status).toBe(4);
    expect(missing.stderr).toContain("unreel models pull my-tiny");
  });
});
