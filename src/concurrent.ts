import { UnreelError } from "./errors.js";

/** What a task of {@link mapConcurrently} gets beside its item. */
export interface TaskContext {
  /** Fires when the caller aborts, or leaves the loop early. */
  readonly signal: AbortSignal;
}

/** What the reader of {@link mapConcurrently} waits for. */
type Arrival<R> =
  | { readonly kind: "result"; readonly result: R }
  | { readonly kind: "failure"; readonly error: unknown }
  | { readonly kind: "end" };

/** Arrivals in the order in which they came; one reader. */
class Inbox<E> {
  readonly #waiting: E[] = [];
  #wake: (() => void) | undefined;

  put(arrival: E): void {
    this.#waiting.push(arrival);
    this.#wake?.();
  }

  async take(): Promise<E> {
    for (;;) {
      const first = this.#waiting.shift();
      if (first !== undefined) return first;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/**
 * Runs `task` over `items`, at most `concurrency` at a time, and yields results as they finish, also while the source
 * of the items keeps one waiting. Items are taken only as results are consumed, so memory stays bounded. A rejected task
 * ends the iteration; so a task that stands for one of many inputs turns its failure into a value. Leaving the loop
 * aborts what runs.
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
  const inbox = new Inbox<Arrival<R>>();
  const running = new Set<Promise<void>>();
  let unread = 0;
  let taking = false;
  let exhausted = false;

  const fail = (error: unknown) => inbox.put({ kind: "failure", error });
  const onAbort = () => {
    fail(new UnreelError("ERR_UNREEL_ABORTED", "The operation was aborted.", {}, signal?.reason));
  };
  const start = (item: T) => {
    unread++;
    const done = task(item, { signal: both })
      .then((result) => inbox.put({ kind: "result", result }), fail)
      .then(() => void running.delete(done));
    running.add(done);
  };
  const onItem = (step: IteratorResult<T>) => {
    taking = false;
    exhausted = step.done === true;
    if (step.done) inbox.put({ kind: "end" });
    else if (!both.aborted) start(step.value);
    fill();
  };
  const fill = () => {
    if (exhausted || taking || unread >= concurrency || both.aborted) return;
    taking = true;
    Promise.resolve(source.next()).then(onItem).catch(fail);
  };

  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    while (!exhausted || unread > 0) {
      fill();
      const arrival = await inbox.take();
      if (arrival.kind === "failure") throw arrival.error;
      if (arrival.kind === "end") continue;
      unread--;
      yield arrival.result;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    stop.abort();
    await Promise.all(running);
    if (!exhausted) {
      const closed = Promise.resolve(source.return?.());
      // A source that still owes an item ends once it has it, which may be never.
      if (taking) closed.catch(() => undefined);
      else await closed;
    }
  }
}
