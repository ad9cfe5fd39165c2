import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/features/store.js";
import { sampleOptions, sampleStore } from "./sample-store.js";
import { videoFeatures } from "./sample-videos.js";

const { dimension } = sampleOptions;
const locked = (message = /./) => {
  return expect.objectContaining({ code: "ERR_UNREEL_STORE_LOCKED", message: expect.stringMatching(message) });
};

async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

async function pidNamespace(): Promise<string> {
  return /\d+/.exec(await readlink("/proc/self/ns/pid"))?.[0] ?? "";
}

const uuid = "00000000-0000-4000-8000-000000000000";

describe("writers of one store", () => {
  it("work side by side on different shards, with ids that never collide", async () => {
    const store = await sampleStore(0, 5);
    const shards = await Promise.all(
      [0, 1, 2].map(async (index) => {
        const own = await openStore(store.root);
        return own.writer({ shard: { index, count: 3 }, commitAfterMs: 0 });
      }),
    );
    await Promise.all(
      shards.flatMap((writer, at) => [at + 5, at + 8, at + 11].map((i) => writer.add(videoFeatures(i, dimension)))),
    );
    for (const writer of shards) await writer.close();
    const names = (await readdir(join(store.root, "_commits"))).map((name) => Number(name.slice(0, 6)) % 3);
    expect(names.filter((rest) => rest === 1).length).toBeGreaterThan(0);
    const table = await (await openStore(store.root)).read();
    expect(table.videos.map(({ id }) => id)).toEqual(Array.from({ length: 14 }, (_, i) => videoFeatures(i, 1).id));
    expect(await store.verify()).toMatchObject({ files: 2 * (await store.describe()).shards });
  });

  it("keep each other out of the same shard, and of another division", async () => {
    const store = await sampleStore(0, 0);
    await using first = await store.writer({ shard: { index: 1, count: 2 } });
    const pid = new RegExp(`Process ${process.pid} on .*shard 1 of 2.*delete`);
    await expect(store.writer({ shard: { index: 1, count: 2 } })).rejects.toEqual(locked(pid));
    await expect(store.writer()).rejects.toEqual(locked());
    await expect(store.writer({ shard: { index: 0, count: 3 } })).rejects.toEqual(locked());
    await (await store.writer({ shard: { index: 0, count: 2 } })).close();
    await first.close();
    await (await store.writer()).close();
  });

  it("never both get in, however close they come", async () => {
    const store = await sampleStore(0, 0);
    for (let round = 0; round < 20; round++) {
      const attempts = await Promise.allSettled([store.writer(), store.writer(), store.writer()]);
      const opened = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
      expect(opened.length).toBeLessThanOrEqual(1);
      await Promise.all(opened.map((writer) => writer.close()));
    }
    expect(await readdir(join(store.root, "_locks"))).toEqual([]);
  });

  it("check their arguments", async () => {
    const store = await sampleStore(0, 0);
    await expect(store.writer({ shard: { index: 2, count: 2 } })).rejects.toThrow(RangeError);
    await expect(store.writer({ shard: { index: 0, count: 0 } })).rejects.toThrow(RangeError);
    await expect(store.writer({ commitAfterMs: Number.NaN })).rejects.toThrow(RangeError);
    await expect(store.writer({ commitAfterRows: 0 })).rejects.toThrow(RangeError);
  });
});

describe("a lock", () => {
  const put = async (root: string, host: string, namespace: string, pid: number, started: string) => {
    const name = `0-of-1.${encodeURIComponent(host)}.${namespace}.${pid}.${started}.${uuid}.lock`;
    await writeFile(join(root, "_locks", name), "");
  };

  it("of a process that is gone is removed", async () => {
    const store = await sampleStore(0, 0);
    const child = spawn("true");
    await once(child, "exit");
    await put(store.root, hostname(), await pidNamespace(), child.pid ?? 0, "1");
    await (await store.writer()).close();
    expect(await readdir(join(store.root, "_locks"))).toEqual([]);
  });

  it("of a living process is honoured, but not for a later process with the same number", async () => {
    const store = await sampleStore(0, 0);
    const child = spawn("cat");
    try {
      const pid = child.pid ?? 0;
      await put(store.root, hostname(), await pidNamespace(), pid, "1");
      await (await store.writer()).close();
      await put(store.root, hostname(), await pidNamespace(), pid, await startOf(pid));
      await expect(store.writer()).rejects.toEqual(locked(new RegExp(`Process ${pid} on`)));
    } finally {
      child.kill();
    }
  });

  it("of another host or container is honoured, as nobody here can tell", async () => {
    const store = await sampleStore(0, 0);
    await put(store.root, "other.example.org", await pidNamespace(), 1, "1");
    await expect(store.writer()).rejects.toEqual(locked(/on other\.example\.org/));
    const another = await sampleStore(0, 0);
    await put(another.root, hostname(), "1", 1, "1");
    await expect(another.writer()).rejects.toEqual(locked());
  });
});
