// The hub's own client in Python: our hub is one to it, and what it fetched is found where it put it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { pullModel } from "../../src/index.js";
import { temporaryFolder } from "../support/folders.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { commit, modelBytes, repository, sha256Of, startHub, stubHub } from "./hub-server.js";

const folder = temporaryFolder("hub-reference");

afterEach(() => vi.unstubAllEnvs());

test.skipIf(referencePython() === undefined)(
  `huggingface_hub fetches from the hub of these tests, and unreel takes it from its cache (${withoutPython})`,
  async () => {
    const large = modelBytes(1_500_000);
    const small = Buffer.from("{}\n");
    const server = await startHub({ "onnx/model.onnx": { bytes: large }, "config.json": { bytes: small, lfs: false } });
    stubHub(server.hub.origin, folder);
    // Its other protocol needs servers that are not here.
    vi.stubEnv("HF_HUB_DISABLE_XET", "1");
    const files = [commit, "onnx/model.onnx", "main", "config.json", "main", "onnx/model.onnx"];
    const places = (await runReference("hub_download.py", [repository, ...files])).trim().split("\n");
    expect(places.map((place) => sha256Of(readFileSync(place)))).toEqual([large, small, large].map(sha256Of));

    const asked = server.hub.requests.length;
    const pull = (file: string, revision: string, sha256?: string) =>
      pullModel(`hf:${repository}/${file}@${revision}`, { offline: true, ...(sha256 !== undefined && { sha256 }) });
    expect(await pull("onnx/model.onnx", commit)).toMatchObject({ from: "copy", sha256: sha256Of(large) });
    expect(await pull("config.json", commit)).toMatchObject({ from: "copy", sha256: sha256Of(small) });
    expect(await pull("onnx/model.onnx", "main", sha256Of(large))).toMatchObject({ from: "copy" });
    expect(server.hub.requests).toHaveLength(asked);
    expect(places[0]?.startsWith(join(folder, "hf-home/hub"))).toBe(true);
  },
);
