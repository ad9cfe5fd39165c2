import { UnreelError } from "../errors.js";
import { type OtherLock, tryLock } from "../lock.js";
import { writeError } from "./files.js";
import type { Shard, StoreLayout } from "./layout.js";

function scopeOf({ index, count }: Shard): string {
  return `${index}-of-${count}`;
}

function shardOf(scope: string): Shard | undefined {
  const [, index, count] = /^(\d+)-of-(\d+)$/.exec(scope) ?? [];
  return index === undefined ? undefined : { index: Number(index), count: Number(count) };
}

/** Writers of one division (n shards) work side by side, each index once; different divisions would mix their ids. */
function conflict(a: Shard, b: Shard | undefined): boolean {
  return b !== undefined && (a.count !== b.count || a.index === b.index);
}

function locked({ owner, path }: OtherLock): UnreelError {
  const shard = shardOf(owner.scope);
  const share = shard === undefined || shard.count === 1 ? "" : ` (shard ${shard.index} of ${shard.count})`;
  return new UnreelError(
    "ERR_UNREEL_STORE_LOCKED",
    `Process ${owner.pid} on ${owner.host} is writing to this store${share}. Wait for it; if it is gone, delete ${path}`,
    { path, pid: owner.pid, host: owner.host },
  );
}

/**
 * Takes the right to write one shard of a store.
 *
 * @returns gives the lock back
 * @throws UnreelError `ERR_UNREEL_STORE_LOCKED`
 */
export async function lockShard(layout: StoreLayout, shard: Shard): Promise<() => Promise<void>> {
  const attempt = await tryLock(layout.locks, scopeOf(shard), (other) => conflict(shard, shardOf(other))).catch(
    (error: unknown) => {
      throw writeError(error, layout.locks);
    },
  );
  if ("heldBy" in attempt) throw locked(attempt.heldBy);
  return attempt.lock.release;
}
