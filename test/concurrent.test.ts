import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mapConcurrently, type TaskContext } from "../src/concurrent.js";

/** Tasks that end when the test says so. */
class Tasks {
  readonly started: string[] = [];
  readonly #ends = new Map<string, { resolve: (result: string) => void; reject: (error: Error) => void }>();
  readonly #signals = new Map<string, AbortSignal>();

  readonly run = (item: string, { signal }: TaskContext): Promise<string> => {
    this.started.push(item);
    this.#signals.set(item, signal);
    return new Promise((resolve, reject) => {
      this.#ends.set(item, { resolve, reject });
      signal.addEventListener("abort", () => reject(new Error(`${item} was aborted`)));
    });
  };

  finish(item: string): void {
    this.#ends.get(item)?.resolve(`done ${item}`);
  }

  fail(item: string): void {
    this.#ends.get(item)?.reject(new Error(`${item} failed`));
  }

  wasAborted(item: string): boolean {
    return this.#signals.get(item)?.aborted ?? false;
  }
}

/** Items of which the test sees how many were taken and whether the source was closed. */
function watchedSource(items: readonly string[]) {
  const seen = { taken: 0, closed: false };
  function* source() {
    try {
      for (const item of items) {
        seen.taken++;
        yield item;
      }
    } finally {
      seen.closed = true;
    }
  }
  return { seen, items: source() };
}

/** A source that hands out its items when the test says so. */
function slowSource() {
  const requests: ((step: IteratorResult<string, undefined>) => void)[] = [];
  const seen = { closed: false };
  const items: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise((resolve) => requests.push(resolve)),
      return: async () => {
        seen.closed = true;
        return { done: true, value: undefined };
      },
    }),
  };
  const give = async (value: string) => {
    while (requests.length === 0) await turn();
    requests.shift()?.({ done: false, value });
  };
  const end = () => requests.shift()?.({ done: true, value: undefined });
  return { items, seen, give, end };
}

/** Waits until something holds; a test that waits for ever is ended by vitest. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

describe("mapConcurrently", () => {
  it("yields the result of every item once, whatever the concurrency and the kind of source", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer()),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (items, most, isAsync) => {
          async function* later() {
            yield* items;
          }
          let running = 0;
          let peak = 0;
          const task = async (item: number) => {
            peak = Math.max(peak, ++running);
            for (let turns = Math.abs(item) % 4; turns > 0; turns--) await turn();
            running--;
            return item;
          };
          const results: number[] = [];
          for await (const result of mapConcurrently(isAsync ? later() : items, most, task)) results.push(result);
          expect(results.sort()).toEqual([...items].sort());
          expect(peak).toBeLessThanOrEqual(most);
        },
      ),
    );
  });

  it("runs as many as allowed, yields them as they finish, and takes the next only then", async () => {
    const tasks = new Tasks();
    const { seen, items } = watchedSource(["a", "b", "c", "d"]);
    const results = mapConcurrently(items, 2, tasks.run);
    const first = results.next();
    await until(() => tasks.started.length === 2);
    expect([tasks.started, seen.taken]).toEqual([["a", "b"], 2]);
    tasks.finish("b");
    expect(await first).toEqual({ done: false, value: "done b" });
    expect(seen.taken).toBe(2);
    const second = results.next();
    await until(() => tasks.started.length === 3);
    tasks.finish("c");
    expect(await second).toEqual({ done: false, value: "done c" });
    expect(tasks.started).toEqual(["a", "b", "c"]);
    await results.return();
  });

  it("takes nothing before the first result is asked for", async () => {
    const tasks = new Tasks();
    const { seen, items } = watchedSource(["a"]);
    mapConcurrently(items, 2, tasks.run);
    await turn();
    expect([tasks.started, seen.taken]).toEqual([[], 0]);
  });

  it("yields a result while the source keeps it waiting for the next item", async () => {
    const source = slowSource();
    const tasks = new Tasks();
    const results = mapConcurrently(source.items, 4, tasks.run);
    const first = results.next();
    await source.give("a");
    await until(() => tasks.started.length === 1);
    tasks.finish("a");
    expect(await first).toEqual({ done: false, value: "done a" });
    const second = results.next();
    await source.give("b");
    await until(() => tasks.started.length === 2);
    source.end();
    tasks.finish("b");
    expect(await second).toEqual({ done: false, value: "done b" });
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  it("ends with a task's error, at once, with the others aborted and the source closed", async () => {
    const tasks = new Tasks();
    const { seen, items } = watchedSource(["a", "b", "c"]);
    const first = mapConcurrently(items, 2, tasks.run).next();
    await until(() => tasks.started.length === 2);
    tasks.fail("b");
    await expect(first).rejects.toThrow("b failed");
    expect([tasks.wasAborted("a"), seen.closed, seen.taken]).toEqual([true, true, 2]);
  });

  it("ends with a task's error while the source keeps it waiting, and leaves no rejection unhandled", async () => {
    const source = slowSource();
    const tasks = new Tasks();
    const first = mapConcurrently(source.items, 2, tasks.run).next();
    await source.give("a");
    await until(() => tasks.started.length === 1);
    tasks.fail("a");
    await expect(first).rejects.toThrow("a failed");
    expect(source.seen.closed).toBe(true);
  });

  it("ends with the source's error, with what ran aborted", async () => {
    const tasks = new Tasks();
    async function* broken() {
      yield "a";
      throw new Error("no more items");
    }
    await expect(mapConcurrently(broken(), 2, tasks.run).next()).rejects.toThrow("no more items");
    expect(tasks.wasAborted("a")).toBe(true);
  });

  it("aborts what runs and closes the source when the loop is left", async () => {
    const tasks = new Tasks();
    const { seen, items } = watchedSource(["a", "b", "c"]);
    const loop = (async () => {
      for await (const result of mapConcurrently(items, 2, tasks.run)) return result;
    })();
    await until(() => tasks.started.length === 2);
    tasks.finish("a");
    expect(await loop).toBe("done a");
    expect([tasks.wasAborted("b"), seen.closed]).toEqual([true, true]);
    expect(tasks.started).toEqual(["a", "b"]);
  });

  it("waits for what runs when the loop is left: nothing goes on behind the caller's back", async () => {
    let end: (() => void) | undefined;
    const slow = () => new Promise<string>((resolve) => (end = () => resolve("b")));
    const results = mapConcurrently(["a", "b"], 2, (item) => (item === "a" ? Promise.resolve(item) : slow()));
    await results.next();
    await until(() => end !== undefined);
    let left = false;
    const leaving = results.return().then(() => {
      left = true;
    });
    for (let turns = 0; turns < 10; turns++) await turn();
    expect(left).toBe(false);
    end?.();
    await leaving;
  });

  it("can be left while the source owes an item that never comes", async () => {
    async function* stuck() {
      yield "a";
      await new Promise(() => undefined);
    }
    for await (const result of mapConcurrently(stuck(), 2, async (item) => item)) {
      expect(result).toBe("a");
      break;
    }
  });
});

describe("mapConcurrently with an AbortSignal", () => {
  const aborted = (reason: Error) =>
    expect.objectContaining({ name: "AbortError", code: "ERR_UNREEL_ABORTED", cause: reason });

  it("starts nothing when it has fired already", async () => {
    const tasks = new Tasks();
    const reason = new Error("too late");
    const { items } = watchedSource(["a"]);
    const results = mapConcurrently(items, 2, tasks.run, AbortSignal.abort(reason));
    await expect(results.next()).rejects.toEqual(aborted(reason));
    expect(tasks.started).toEqual([]);
  });

  it("aborts what runs when it fires, and ends with its reason", async () => {
    const tasks = new Tasks();
    const controller = new AbortController();
    const reason = new Error("enough");
    const { seen, items } = watchedSource(["a", "b", "c"]);
    const first = mapConcurrently(items, 2, tasks.run, controller.signal).next();
    await until(() => tasks.started.length === 2);
    controller.abort(reason);
    await expect(first).rejects.toEqual(aborted(reason));
    expect([tasks.wasAborted("a"), tasks.wasAborted("b"), seen.closed]).toEqual([true, true, true]);
  });

  it("ends while the source keeps it waiting, also before the first item", async () => {
    const controller = new AbortController();
    const first = mapConcurrently(slowSource().items, 2, new Tasks().run, controller.signal).next();
    await turn();
    controller.abort(new Error("enough"));
    await expect(first).rejects.toEqual(aborted(controller.signal.reason));
  });

  it("hands out what was finished before it fired", async () => {
    const controller = new AbortController();
    const results = mapConcurrently(["a", "b"], 2, async (item) => item, controller.signal);
    expect((await results.next()).value).toBe("a");
    await turn();
    controller.abort(new Error("enough"));
    expect((await results.next()).value).toBe("b");
    await expect(results.next()).rejects.toEqual(aborted(controller.signal.reason));
  });
});
