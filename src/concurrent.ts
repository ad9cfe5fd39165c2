import { UnreelError } from "./errors.js";

/** What a task of {@link mapConcurrently} gets beside its item. */
export interface TaskContext {
  /** Fires when the caller aborts, or leaves the loop early. */
  readonly signal: AbortSignal;
}

/**
 * Runs `task` over `items`, at most `concurrency` at a time, and yields results as they finish. Items are taken only as
 * results are consumed, so memory stays bounded. A rejected task ends the iteration; so a task that stands for one of
 * many inputs turns its failure into a value. Leaving the loop aborts what runs.
 */
export async function* mapConcurrently<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  concurrency: number,
  task: (item: T, context: TaskContext) => Promise<R>,
  signal?: AbortSignal,
): AsyncGenerator<R, void, undefined> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const running = new Map<number, Promise<{ id: number; result: R }>>();
  let nextId = 0;
  let exhausted = false;
  try {
    for (;;) {
      while (!exhausted && running.size < concurrency) {
        if (signal?.aborted)
          throw new UnreelError("ERR_UNREEL_ABORTED", "The operation was aborted.", {}, signal.reason);
        const step = await source.next();
        if (step.done) {
          exhausted = true;
          break;
        }
        const id = nextId++;
        running.set(
          id,
          task(step.value, { signal: both }).then((result) => ({ id, result })),
        );
      }
      if (running.size === 0) return;
      const { id, result } = await Promise.race(running.values());
      running.delete(id);
      yield result;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(running.values());
    if (!exhausted) await source.return?.();
  }
}
