// Locks as files: who holds one stands in its name, so that what a dead process left can be told from what lives.
import { randomUUID } from "node:crypto";
import { readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/** Who holds a lock. All of it stands in the lock's name, which appears whole or not at all. */
export interface LockOwner {
  /** What is locked; a name without a dot. */
  readonly scope: string;
  readonly host: string;
  /** The PID namespace: one host name may stand for several containers. */
  readonly namespace: string;
  readonly pid: number;
  /** When the process started, in clock ticks since boot: a PID may come again, not with the same start. */
  readonly started: string;
}

/** A lock that this process holds. */
export interface Lock {
  readonly path: string;
  release(): Promise<void>;
}

/** Somebody else's lock that is in the way. */
export interface OtherLock {
  readonly path: string;
  readonly owner: LockOwner;
  /** Whether the owner is a process that this one can see: if not, nobody here can say whether it lives. */
  readonly visible: boolean;
}

const NAME = /^([^.]+)\.(.+)\.(\d+)\.(\d+)\.(\d+)\.[0-9a-f-]{36}\.lock$/;

function nameOf({ scope, host, namespace, pid, started }: LockOwner): string {
  return `${scope}.${encodeURIComponent(host)}.${namespace}.${pid}.${started}.${randomUUID()}.lock`;
}

function ownerOf(name: string): LockOwner | undefined {
  const [, scope, host, namespace = "", pid, started = ""] = NAME.exec(name) ?? [];
  if (scope === undefined || host === undefined) return undefined;
  return { scope, host: decodeURIComponent(host), namespace, pid: Number(pid), started };
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

async function self(scope: string): Promise<LockOwner> {
  const stat = await processStat(process.pid);
  return {
    scope,
    host: hostname(),
    namespace: await ownNamespace(),
    pid: process.pid,
    started: stat?.started ?? "0",
  };
}

function isVisible(owner: LockOwner, me: LockOwner): boolean {
  return owner.host === me.host && owner.namespace === me.namespace;
}

/** Whether an owner is surely gone: only processes that this one can see are ever judged. */
async function isDead(owner: LockOwner, me: LockOwner): Promise<boolean> {
  if (!isVisible(owner, me)) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return true;
  }
  const stat = await processStat(owner.pid);
  return stat !== undefined && (stat.started !== owner.started || stat.state === "Z" || stat.state === "X");
}

/** The first lock in the way of `mine`; locks of dead processes are deleted on the way. */
async function otherLock(
  folder: string,
  mine: string,
  me: LockOwner,
  conflicts: (scope: string) => boolean,
): Promise<OtherLock | undefined> {
  for (const name of await readdir(folder)) {
    const owner = name === mine ? undefined : ownerOf(name);
    if (owner === undefined) continue;
    const path = join(folder, name);
    if (await isDead(owner, me)) await rm(path, { force: true });
    else if (conflicts(owner.scope)) return { path, owner, visible: isVisible(owner, me) };
  }
  return undefined;
}

/**
 * Tries to take a lock in a folder, without waiting. Each taker first puts its own uniquely named file there and then
 * looks for others, so that of two takers at least one sees the other, and a dead one's file can be deleted without
 * the risk of deleting a new one.
 *
 * @param conflicts - Whether a lock of that scope is in the way of this one.
 * @returns the lock, or the one that is in the way
 * @throws what the file system says where the folder cannot be written or read
 */
export async function tryLock(
  folder: string,
  scope: string,
  conflicts: (scope: string) => boolean,
): Promise<{ readonly lock: Lock } | { readonly heldBy: OtherLock }> {
  const me = await self(scope);
  const name = nameOf(me);
  const path = join(folder, name);
  const release = () => rm(path, { force: true });
  await writeFile(path, "", { flag: "wx" });
  try {
    const heldBy = await otherLock(folder, name, me, conflicts);
    if (heldBy === undefined) return { lock: { path, release } };
    await release();
    return { heldBy };
  } catch (error) {
    await release();
    throw error;
  }
}
