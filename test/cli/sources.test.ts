// Videos from stdin and from servers on the command line.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openStore } from "../../src/index.js";
import { jsonLines, runCli } from "../support/cli.js";
import { writeClip, writeTinyEncoder } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";
import { readNpy } from "../support/npy.js";
import { startFileServer } from "../support/servers.js";

const folder = temporaryFolder("cli-sources");
const at = (name: string) => join(folder, name);
const file = at("clip.mp4");
let clip: Buffer;

beforeAll(async () => {
  await writeClip(file, 12);
  clip = readFileSync(file);
  writeTinyEncoder(at("tiny.onnx"));
});

test("sample takes a file, stdin and a URL, and writes the same pixels", async () => {
  const server = await startFileServer(clip);
  const outputs: Uint8Array[] = [];
  for (const [name, input] of [
    ["file", file],
    ["stdin", "-"],
    ["url", `${server.origin}/clip.mp4`],
  ] as const) {
    const out = at(`${name}.npy`);
    const result = await runCli(["sample", input, "--count", "4", "--out", out], { stdin: clip });
    expect(result.status, result.stderr).toBe(0);
    expect(jsonLines(result.stdout)).toHaveLength(4);
    outputs.push(readNpy(out).bytes);
  }
  expect(outputs[1]).toEqual(outputs[0]);
  expect(outputs[2]).toEqual(outputs[0]);
});

test("stdin that is no video, and a server that has none, are failed inputs", async () => {
  const server = await startFileServer(clip);
  const text = await runCli(["sample", "-", "--count", "4"], { stdin: "no video\n".repeat(100) });
  expect(text.status).toBe(1);
  expect(jsonLines(text.stdout)).toMatchObject([{ ok: false, input: "-", error: { code: "ERR_UNREEL_NOT_MEDIA" } }]);
  const empty = await runCli(["sample", "-", "--count", "4"]);
  expect(jsonLines(empty.stdout)).toMatchObject([{ error: { code: "ERR_UNREEL_EMPTY_FILE" } }]);
  const url = `${server.origin}/clip.mp4`;
  const large = await runCli(["sample", url, "--count", "4", "--max-bytes", "100"]);
  expect(jsonLines(large.stdout)).toMatchObject([
    { ok: false, input: url, error: { code: "ERR_UNREEL_LIMIT_EXCEEDED" } },
  ]);
});

test("stdin is for one thing: a list, or one video", async () => {
  for (const args of [
    ["-", "--from-file", "-"],
    ["-", "-"],
  ]) {
    const result = await runCli(["sample", ...args, "--count", "4"], { stdin: clip });
    expect(result.status, result.stderr).toBe(2);
    expect(result.stderr).toContain("stdin");
  }
});

test("--timeout ends a wait for a silent server", async () => {
  const server = await startFileServer(clip, { stallAfter: 100 });
  const result = await runCli(["sample", server.origin, "--count", "4", "--timeout", "0.1"]);
  expect(result.status).toBe(1);
  expect(jsonLines(result.stdout)).toMatchObject([{ error: { message: expect.stringContaining("openTimeoutMs") } }]);
});

test("Ctrl-C ends a wait for a silent server", async () => {
  const server = await startFileServer(clip, { stallAfter: 100 });
  const asked = server.nextRequest();
  const result = await runCli(["sample", server.origin, "--count", "4"], {
    onStart: (child) => void asked.then(() => child.kill("SIGINT")),
  });
  expect(result.status, result.stderr).toBe(130);
});

test("extract takes them too, stores no secret, and does not mistake one stdin for another", async () => {
  const server = await startFileServer(clip);
  const url = `${server.origin}/clip.mp4?token=secret`;
  const extract = ["extract", "--encoder", at("tiny.onnx"), "--out", at("features"), "--count", "4"];
  const first = await runCli([...extract, file, url, "-"], { stdin: clip });
  expect(first.status, first.stderr).toBe(0);
  expect(jsonLines(first.stdout)).toMatchObject([{ ok: true, videos: 3, rows: 12 }]);
  const videos = await (await openStore(at("features"))).videos();
  expect(videos.map(({ id }) => id).sort()).toEqual(["-", file, `${server.origin}/clip.mp4`].sort());
  const again = await runCli([...extract, file, `${server.origin}/clip.mp4?token=other`]);
  expect(jsonLines(again.stdout)).toMatchObject([{ ok: true, skipped: 2, videos: 0 }]);
  const other = await runCli([...extract, "-"], { stdin: clip });
  expect(other.status).toBe(2);
  expect(other.stderr).toContain("stdin");
});
