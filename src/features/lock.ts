import { randomUUID } from "node:crypto";
import { readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { UnreelError } from "../errors.js";
import { systemCode, writeError } from "./files.js";
import type { Shard, StoreLayout } from "./layout.js";

/** Who holds a lock. All of it stands in the lock's name, which appears whole or not at all. */
interface Owner {
  readonly shard: Shard;
  readonly host: string;
  /** The PID namespace: one host name may stand for several containers. */
  readonly namespace: string;
  readonly pid: number;
  /** When the process started, in clock ticks since boot: a PID may come again, not with the same start. */
  readonly started: string;
}

const NAME = /^(\d+)-of-(\d+)\.(.+)\.(\d+)\.(\d+)\.(\d+)\.[0-9a-f-]{36}\.lock$/;

function nameOf({ shard, host, namespace, pid, started }: Owner): string {
  const who = `${encodeURIComponent(host)}.${namespace}.${pid}.${started}.${randomUUID()}`;
  return `${shard.index}-of-${shard.count}.${who}.lock`;
}

function ownerOf(name: string): Owner | undefined {
  const [, index, count, host, namespace = "", pid, started = ""] = NAME.exec(name) ?? [];
  if (host === undefined) return undefined;
  const shard = { index: Number(index), count: Number(count) };
  return { shard, host: decodeURIComponent(host), namespace, pid: Number(pid), started };
}

/** State and start time (proc(5): fields 3 and 22 of stat) of a process; undefined where /proc does not say. */
async function processStat(pid: number): Promise<{ state: string; started: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields?.[0], fields?.[19]];
  return state === undefined || started === undefined ? undefined : { state, started };
}

async function ownNamespace(): Promise<string> {
  const link = await readlink("/proc/self/ns/pid").catch(() => "");
  return /\d+/.exec(link)?.[0] ?? "0";
}

async function self(shard: Shard): Promise<Owner> {
  const stat = await processStat(process.pid);
  return {
    shard,
    host: hostname(),
    namespace: await ownNamespace(),
    pid: process.pid,
    started: stat?.started ?? "0",
  };
}

/** Whether an owner is surely gone: only processes that this one can see are ever judged. */
async function isDead(owner: Owner, me: Owner): Promise<boolean> {
  if (owner.host !== me.host || owner.namespace !== me.namespace) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (systemCode(error) === "ESRCH") return true;
  }
  const stat = await processStat(owner.pid);
  return stat !== undefined && (stat.started !== owner.started || stat.state === "Z" || stat.state === "X");
}

/** Writers of one division (n shards) work side by side, each index once; different divisions would mix their ids. */
function conflict(a: Shard, b: Shard): boolean {
  return a.count !== b.count || a.index === b.index;
}

function locked(owner: Owner, path: string): UnreelError {
  const share = owner.shard.count === 1 ? "" : ` (shard ${owner.shard.index} of ${owner.shard.count})`;
  return new UnreelError(
    "ERR_UNREEL_STORE_LOCKED",
    `Process ${owner.pid} on ${owner.host} is writing to this store${share}. Wait for it; if it is gone, delete ${path}`,
    { path, pid: owner.pid, host: owner.host },
  );
}

/**
 * Takes the right to write one shard of a store. Each writer first puts its own uniquely named lock there and then
 * looks for others, so that of two writers at least one sees the other, and a dead writer's lock can be deleted
 * without the risk of deleting a new one.
 *
 * @returns gives the lock back
 * @throws UnreelError `ERR_UNREEL_STORE_LOCKED`
 */
export async function lockShard(layout: StoreLayout, shard: Shard): Promise<() => Promise<void>> {
  const me = await self(shard);
  const name = nameOf(me);
  const path = join(layout.locks, name);
  const release = () => rm(path, { force: true });
  try {
    await writeFile(path, "", { flag: "wx" });
  } catch (error) {
    throw writeError(error, path);
  }
  try {
    for (const other of await readdir(layout.locks)) {
      const owner = other === name ? undefined : ownerOf(other);
      if (owner === undefined) continue;
      const place = join(layout.locks, other);
      if (await isDead(owner, me)) await rm(place, { force: true });
      else if (conflict(shard, owner.shard)) throw locked(owner, place);
    }
  } catch (error) {
    await release();
    throw error instanceof UnreelError ? error : writeError(error, path);
  }
  return release;
}
