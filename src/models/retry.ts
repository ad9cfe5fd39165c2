import { setTimeout } from "node:timers/promises";
import { throwIfAborted, type UnreelError } from "../errors.js";

/** The wait before the first retry; each further one is twice as long. */
const firstWaitMs = 250;
const longestWaitMs = 30_000;
/** A server that wants a longer pause is not waited for. */
const longestRetryAfterMs = 300_000;

/** A failure after which the same request may succeed. */
export class PassingFailure extends Error {
  readonly error: UnreelError;
  /** How long the server wants to be left alone. */
  readonly waitMs: number;
  /** Whether something was achieved since the last failure: then the retries begin anew. */
  readonly progressed: boolean;

  constructor(error: UnreelError, { waitMs = 0, progressed = false } = {}) {
    super(error.message);
    this.error = error;
    this.waitMs = waitMs;
    this.progressed = progressed;
  }
}

/** How often something is tried again. */
export interface RetryOptions {
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
  /** Called before each wait. */
  readonly onRetry?: ((retry: { readonly error: UnreelError; readonly waitMs: number }) => void) | undefined;
}

/** Milliseconds that a `Retry-After` header asks for: seconds, or a date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}

/** Waits doubled each time, with up to a quarter more by chance, so that clients that failed together part. */
function backoffMs(failures: number): number {
  return Math.min(firstWaitMs * 2 ** failures, longestWaitMs) * (1 + Math.random() / 4);
}

/**
 * Calls `attempt` until it succeeds, fails for good, or fails `retries` + 1 times in a row without progress.
 *
 * @throws UnreelError of the last failure; `ERR_UNREEL_ABORTED`
 */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retries, signal, onRetry } = options;
  for (let failures = 0; ; failures++) {
    throwIfAborted(signal);
    try {
      return await attempt();
    } catch (error) {
      throwIfAborted(signal);
      if (!(error instanceof PassingFailure)) throw error;
      if (error.progressed) failures = 0;
      if (failures >= retries || error.waitMs > longestRetryAfterMs) throw error.error;
      const waitMs = Math.ceil(Math.max(backoffMs(failures), error.waitMs));
      onRetry?.({ error: error.error, waitMs });
      await setTimeout(waitMs, undefined, signal && { signal }).catch(() => undefined);
    }
  }
}
