// Streams that behave in every way streams do.
import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { beforeAll, describe, expect, test } from "vitest";
import { type OpenVideoOptions, openVideo, type VideoSource } from "../../src/index.js";
import { resolveHttp } from "../../src/sources/http-options.js";
import { openSource } from "../../src/sources/open-source.js";
import { inputOf } from "../../src/sources/video-source.js";
import { resolveLimits } from "../../src/video.js";
import { writeClip } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";
import { spoolFiles, until } from "../support/held.js";
import { tableFirst } from "../support/mp4.js";

const folder = temporaryFolder("streams");
const file = join(folder, "clip.mp4");
let clip: Buffer;

beforeAll(async () => {
  await writeClip(file, 30);
  clip = readFileSync(file);
});

const failure = (source: unknown, options: OpenVideoOptions = {}) =>
  openVideo(source as VideoSource, options).then(
    (video) => video.close(),
    (error: unknown) => error,
  );

/** An iterable whose iterator says what becomes of it. */
function watched(next: (taken: number) => Promise<IteratorResult<unknown>> | IteratorResult<unknown>) {
  const state = { taken: 0, returned: 0 };
  const iterable = {
    state,
    [Symbol.asyncIterator]: () => ({
      next: async () => next(state.taken++),
      return: async () => {
        state.returned++;
        return { done: true as const, value: undefined };
      },
    }),
  };
  return iterable;
}

const never = () => new Promise<never>(() => undefined);

/** An MP4 that says its table comes after 2^62 bytes, and goes on without end. */
function endless() {
  const head = Buffer.concat([clip.subarray(0, clip.readUInt32BE(0)), Buffer.alloc(16)]);
  head.writeUInt32BE(1, head.length - 16);
  head.write("mdat", head.length - 12, "latin1");
  head.writeBigUInt64BE(1n << 62n, head.length - 8);
  const zeros = new Uint8Array(1 << 20);
  return watched((taken) => ({ done: false, value: taken === 0 ? head : zeros }));
}

describe("what goes wrong in a stream is an error with a code", () => {
  test("it throws: its error is the cause, and it is returned", async () => {
    const reason = new Error("the cable");
    const source = watched((taken) =>
      taken === 0 ? { done: false, value: clip.subarray(0, 100) } : Promise.reject(reason),
    );
    expect(await failure(source)).toMatchObject({ code: "ERR_UNREEL_SOURCE_FAILED", category: "input", cause: reason });
    expect(source.state.returned).toBe(1);
  });

  test("it is destroyed with an error, before its first byte or in the middle", async () => {
    const reason = new Error("the cable");
    const early = new PassThrough();
    early.destroy(reason);
    expect(await failure(early)).toMatchObject({ code: "ERR_UNREEL_SOURCE_FAILED", cause: reason });
    const late = new PassThrough();
    late.write(clip.subarray(0, 100));
    late.once("data", () => late.destroy(reason));
    expect(await failure(late)).toMatchObject({ code: "ERR_UNREEL_SOURCE_FAILED", cause: reason });
    expect(await failure(createReadStream(join(folder, "none")))).toMatchObject({
      code: "ERR_UNREEL_SOURCE_FAILED",
      cause: { code: "ENOENT" },
    });
  });

  test("it fails while frames are taken", async () => {
    const reason = new Error("the cable");
    const bytes = tableFirst(clip);
    const source = (async function* () {
      yield bytes.subarray(0, bytes.length - 2000);
      throw reason;
    })();
    const outcome = async () => {
      await using video = await openVideo(source);
      for await (const _ of video.sample());
    };
    await expect(outcome()).rejects.toMatchObject({ code: "ERR_UNREEL_SOURCE_FAILED", cause: reason });
  });

  test.each([
    ["texts", ["a text"]],
    ["numbers", [1, 2]],
    ["nothing", [undefined]],
    ["other arrays", [new Float32Array(3)]],
  ])("it brings %s", async (_what, values) => {
    const source = watched((taken) => ({ done: false, value: values[taken % values.length] }));
    expect(await failure(source)).toMatchObject({ code: "ERR_UNREEL_SOURCE_INVALID" });
    expect(source.state.returned).toBe(1);
  });

  test("it is a stream of texts", async () => {
    const stream = createReadStream(file, "latin1");
    expect(await failure(stream)).toMatchObject({ code: "ERR_UNREEL_SOURCE_INVALID" });
    expect(stream.destroyed).toBe(true);
  });

  test("it is empty, or brings nothing but empty pieces", async () => {
    expect(await failure(Readable.from([]))).toMatchObject({ code: "ERR_UNREEL_EMPTY_FILE" });
    const source = watched((taken) =>
      taken < 3 ? { done: false, value: new Uint8Array() } : { done: true, value: undefined },
    );
    expect(await failure(source)).toMatchObject({ code: "ERR_UNREEL_EMPTY_FILE" });
  });

  test("it ends early", async () => {
    expect(await failure(Readable.from([clip.subarray(0, clip.length / 2)]))).toMatchObject({
      code: "ERR_UNREEL_TRUNCATED",
    });
  });

  test("it was read already", async () => {
    const generator = (async function* () {
      yield clip;
    })();
    const web = new Blob([clip]).stream() as AsyncIterable<Uint8Array>;
    const node = createReadStream(file);
    for (const source of [generator, web, node]) {
      const video = await openVideo(source);
      expect(await failure(source)).toMatchObject({ code: "ERR_UNREEL_SOURCE_CONSUMED", category: "input" });
      video.close();
      expect(await failure(source)).toMatchObject({ code: "ERR_UNREEL_SOURCE_CONSUMED" });
    }
    const closed = createReadStream(file);
    await new Promise<void>((resolve) => closed.destroy().on("close", resolve));
    expect(await failure(closed)).toMatchObject({ code: "ERR_UNREEL_SOURCE_CONSUMED" });
  });

  test("what can be iterated again can be opened again", async () => {
    const again = watched((taken) =>
      taken % 2 === 0 ? { done: false, value: clip } : { done: true, value: undefined },
    );
    for (let i = 0; i < 2; i++) (await openVideo(again as unknown as VideoSource)).close();
  });

  test.each([[3], [null], [undefined], [{}], [[clip]], [new Float32Array(4)], [new URL("ftp://a.b/c")]])(
    "it is no source at all: %s",
    (source) => {
      expect(() => openVideo(source as unknown as VideoSource)).toThrow(TypeError);
    },
  );
});

describe("a stream without end", () => {
  test("ends with maxSpoolBytes or maxBytes, in flat memory, and leaves no file", async () => {
    for (const limit of ["maxSpoolBytes", "maxBytes"] as const) {
      const source = endless();
      const before = process.memoryUsage().rss;
      expect(await failure(source, { limits: { [limit]: 300 << 20 } })).toMatchObject({
        code: "ERR_UNREEL_LIMIT_EXCEEDED",
        details: { limit },
      });
      expect(source.state.taken).toBeLessThan(310);
      expect(process.memoryUsage().rss - before).toBeLessThan(150 << 20);
      expect(source.state.returned).toBe(1);
      await until(() => spoolFiles() === 0);
    }
  });

  test("is asked for no more than the read-ahead while nobody reads", async () => {
    const piece = new Uint8Array(1 << 18);
    const source = watched(() => ({ done: false, value: piece }));
    const opened = openSource(inputOf(source, "source"), resolveLimits(), resolveHttp());
    await until(() => source.state.taken * piece.length >= 4 << 20);
    // Other work is done meanwhile, from one end of the engine to the other.
    for (let i = 0; i < 10; i++) (await openVideo(file)).close();
    expect(source.state.taken * piece.length).toBe(4 << 20);
    opened.close();
    expect(source.state.returned).toBe(1);
  });
});

describe("waiting for a silent stream", () => {
  test("ends with idleTimeoutMs", async () => {
    const source = watched((taken) => (taken === 0 ? { done: false, value: clip.subarray(0, 100) } : never()));
    expect(await failure(source, { limits: { idleTimeoutMs: 30 } })).toMatchObject({
      code: "ERR_UNREEL_LIMIT_EXCEEDED",
      details: { limit: "idleTimeoutMs" },
    });
    expect(source.state.returned).toBe(1);
  });

  test("ends with the signal, at any moment, and the stream is let go", async () => {
    for (let round = 0; round < 60; round++) {
      const controller = new AbortController();
      const source = watched((taken) => {
        if (taken === round % 11) controller.abort(new Error("enough"));
        return taken < 10 ? { done: false, value: clip.subarray(taken * 50, taken * 50 + 50) } : never();
      });
      expect(await failure(source, { signal: controller.signal })).toMatchObject({
        name: "AbortError",
        cause: { message: "enough" },
      });
      expect(source.state.returned).toBe(1);
    }
    expect(spoolFiles()).toBe(0);
  });

  test("of a signal that has fired before, too", async () => {
    const stream = createReadStream(file);
    expect(await failure(stream, { signal: AbortSignal.abort() })).toMatchObject({ name: "AbortError" });
    expect(stream.destroyed).toBe(true);
  });

  test("holds up no other video, however many wait", async () => {
    const controller = new AbortController();
    const silent = Array.from({ length: 40 }, () => failure(watched(never), { signal: controller.signal }));
    await using video = await openVideo(file);
    expect(video.info.frameCount).toBe(30);
    controller.abort();
    for (const each of await Promise.all(silent)) expect(each).toMatchObject({ name: "AbortError" });
  });
});
