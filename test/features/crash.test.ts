import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "tsup";
import { expect, it } from "vitest";
import { isCodedError } from "../../src/errors.js";
import { type FeatureStore, openStore } from "../../src/features/store.js";
import { temporaryFolder } from "./sample-store.js";
import { writeSample } from "./write-sample.js";

interface Ending {
  readonly signal: NodeJS.Signals | null;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function bundleWriter(): Promise<string> {
  const outDir = await temporaryFolder();
  await build({
    config: false,
    entry: [join(import.meta.dirname, "killed-writer.ts")],
    outDir,
    format: "esm",
    target: "node20",
    noExternal: [/./],
    outExtension: () => ({ js: ".mjs" }),
    silent: true,
  });
  return join(outDir, "killed-writer.mjs");
}

async function run(script: string, args: readonly string[]): Promise<Ending> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => {
    stdout += String(text);
  });
  child.stderr.on("data", (text) => {
    stderr += String(text);
  });
  const [status, signal] = await once(child, "close");
  return { status, signal, stdout, stderr };
}

/** All that a store says, per video: its facts, positions and the bytes of its numbers. */
async function contentOf(store: FeatureStore): Promise<Map<string, unknown>> {
  const table = await store.read();
  const content = new Map<string, unknown>();
  for (const { firstRow, ...facts } of table.videos) {
    const end = firstRow + facts.rows;
    const bytes = Buffer.from(table.x.slice(firstRow * table.dimension, end * table.dimension).buffer).toString("hex");
    const frames = [...table.frames.slice(firstRow, end)];
    content.set(facts.id, { facts, bytes, frames, ptsUs: [...table.ptsUs.slice(firstRow, end)] });
  }
  for (const failure of await store.failures()) content.set(failure.id, failure);
  return content;
}

/** The files of a store by folder, without their content. */
async function filesOf(root: string): Promise<Record<string, string[]>> {
  const folders = ["", "img_emb", "metadata", "_commits", "_wip", "_locks"];
  const names = await Promise.all(folders.map((folder) => readdir(join(root, folder))));
  return Object.fromEntries(folders.map((folder, at) => [folder, (names[at] ?? []).sort()]));
}

it("a writer killed at any change of the file system leaves a sound store, and the next one finishes it", async () => {
  const script = await bundleWriter();
  const scratch = await temporaryFolder();
  const whole = await writeSample(join(scratch, "whole"));
  const expected = await contentOf(whole);
  expect(expected.size).toBe(8);

  const alive = await run(script, [join(scratch, "alive")]);
  expect(alive).toMatchObject({ status: 0, stderr: "" });
  const changes = Number(alive.stdout);
  expect(changes).toBeGreaterThan(40);
  expect(await contentOf(await openStore(join(scratch, "alive")))).toEqual(expected);

  const crashAndResume = async (change: number): Promise<number> => {
    const folder = join(scratch, String(change));
    expect(await run(script, [folder, String(change)])).toMatchObject({ signal: "SIGKILL", stderr: "" });
    const killed = await openStore(folder).catch((error: unknown) => {
      if (isCodedError(error) && error.code === "ERR_UNREEL_STORE_NOT_FOUND") return undefined;
      throw error;
    });
    const survived = killed === undefined ? new Map<string, unknown>() : await contentOf(killed);
    for (const [id, content] of survived) expect(content).toEqual(expected.get(id));
    await killed?.verify();

    const resumed = await writeSample(folder);
    expect(await contentOf(resumed)).toEqual(expected);
    await resumed.verify();
    const files = await filesOf(folder);
    const { shards } = await resumed.describe();
    expect(files).toMatchObject({ _wip: [], _locks: [] });
    expect(files[""]).toEqual(["_commits", "_locks", "_wip", "img_emb", "metadata", "store.json"]);
    expect(files._commits).toHaveLength(shards);
    expect(files.img_emb?.length).toBe(files.metadata?.length);
    expect(files.img_emb?.length).toBeLessThanOrEqual(shards);
    return survived.size;
  };

  const survivors: number[] = [];
  for (let change = 1; change <= changes; change++) survivors.push(await crashAndResume(change));
  // What was committed stays: a later death never keeps less, the first keeps nothing, the last (the lock) everything.
  expect(survivors).toEqual([...survivors].sort((a, b) => a - b));
  expect([survivors[0], survivors.at(-1)]).toEqual([0, 8]);
  expect(new Set(survivors).size).toBeGreaterThan(2);
});
