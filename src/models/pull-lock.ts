import { createHash } from "node:crypto";
import { rm, stat, utimes } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { throwIfAborted } from "../errors.js";
import { writeError } from "../features/files.js";
import { type Lock, type OtherLock, tryLock } from "../lock.js";

/** How often a holder shows that it lives. */
const beatMs = 5_000;
/** A lock of another host or container whose holder has not shown itself for so long is taken over. */
const silentMs = 60_000;
const shortestWaitMs = 100;

/** The lock of one file stands beside it, under a name that no file's name can be too long for. */
function scopeOf(file: string): string {
  return `pull-${createHash("sha256").update(basename(file)).digest("hex").slice(0, 16)}`;
}

/** Watches locks whose holders cannot be seen from here, by a clock of its own: clocks of hosts differ. */
class SilentHolders {
  readonly #seen = new Map<string, { mtimeMs: number; at: number }>();

  /** Deletes the lock of a holder that has been silent too long. */
  async judge({ path, visible }: OtherLock): Promise<void> {
    if (visible) return;
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) return;
    const seen = this.#seen.get(path);
    const now = performance.now();
    if (seen === undefined || seen.mtimeMs !== info.mtimeMs) this.#seen.set(path, { mtimeMs: info.mtimeMs, at: now });
    else if (now - seen.at > silentMs) await rm(path, { force: true });
  }
}

function beating(lock: Lock): Lock {
  const timer = setInterval(() => {
    const now = new Date();
    utimes(lock.path, now, now).catch(() => undefined);
  }, beatMs);
  timer.unref();
  return {
    path: lock.path,
    release() {
      clearInterval(timer);
      return lock.release();
    },
  };
}

/**
 * Waits until this process alone may fetch `file`. What a dead process left is taken over.
 *
 * @param onWait - Called once, with who holds the lock.
 * @throws UnreelError `ERR_UNREEL_OUTPUT_NOT_WRITABLE`, `ERR_UNREEL_IO`, `ERR_UNREEL_ABORTED`
 */
export async function waitForPullLock(
  file: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait?: ((other: OtherLock) => void) | undefined },
): Promise<Lock> {
  const { signal, onWait } = options;
  const scope = scopeOf(file);
  const holders = new SilentHolders();
  for (let waits = 0; ; waits++) {
    throwIfAborted(signal);
    const attempt = await tryLock(dirname(file), scope, (other) => other === scope).catch((error: unknown) => {
      throw writeError(error, file);
    });
    if ("lock" in attempt) return beating(attempt.lock);
    if (waits === 0) onWait?.(attempt.heldBy);
    await holders.judge(attempt.heldBy);
    // By chance, so that two that saw each other at once do not do so again.
    const waitMs = shortestWaitMs * (1 + 2 * Math.random());
    await setTimeout(waitMs, undefined, signal && { signal }).catch(() => undefined);
  }
}
