// Videos from servers that behave in every way servers do.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadEncoder, makeModel, type OpenVideoOptions, openVideo, type VideoSource } from "../../src/index.js";
import { writeClip } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";
import { spoolFiles, until } from "../support/held.js";
import { withHole } from "../support/mp4.js";
import { firstByte, serveBytes, startFileServer, startServer } from "../support/servers.js";

const folder = temporaryFolder("http");
const file = join(folder, "clip.mp4");
let clip: Buffer;
let expected: string;

async function pixels(source: VideoSource, options: OpenVideoOptions = {}): Promise<string> {
  await using video = await openVideo(source, options);
  const hash = createHash("sha256");
  for await (const { data } of video.sample({ count: 5 })) hash.update(data);
  return hash.digest("hex");
}

const failure = (source: VideoSource, options: OpenVideoOptions = {}) =>
  pixels(source, options).then(
    () => undefined,
    (error: unknown) => error as Error & { code: string; cause?: Error },
  );

beforeAll(async () => {
  await writeClip(file, 40, { width: 320, height: 240 });
  clip = readFileSync(file);
  expected = await pixels(file);
});

describe("ranges", () => {
  test("bring what is read and leave out what is not", async () => {
    const holed = withHole(clip, 64 << 20);
    const server = await startFileServer(holed);
    expect(await pixels(`${server.origin}/clip.mp4`)).toBe(expected);
    await server.idle();
    expect(server.ranges().length).toBeGreaterThan(1);
    // Of the 64 MiB hole some was under way when the request was given up: what sockets and streams buffer.
    const asked = server.ranges().map((range) => Number(/\d+/.exec(range ?? "")?.[0]));
    expect(Math.max(...asked)).toBeGreaterThan(64 << 20);
    expect(spoolFiles()).toBe(0);
  });

  test("of another place than was asked for are no answer", async () => {
    const server = await startServer((_, response) => {
      response.writeHead(206, { "content-range": `bytes 5-${clip.length - 1}/${clip.length}` });
      response.end(clip.subarray(5));
    });
    expect(await failure(server.origin)).toMatchObject({ code: "ERR_UNREEL_NETWORK", retryable: true });
    expect(server.requests).toHaveLength(1);
  });

  test("may be shorter than was asked for", async () => {
    const server = await startServer((request, response) => {
      const first = firstByte(request) ?? 0;
      const part = clip.subarray(first, first + 20_000);
      response.writeHead(206, {
        "content-length": part.length,
        "content-range": `bytes ${first}-${first + part.length - 1}/${clip.length}`,
      });
      response.end(part);
    });
    expect(await pixels(server.origin)).toBe(expected);
  });

  test.each([
    ["another ETag", { etag: '"1"' }, { etag: '"2"' }],
    ["another weak ETag", { etag: 'W/"1"' }, { etag: 'W/"2"' }],
    [
      "another date",
      { "last-modified": "Mon, 01 Jan 2024 00:00:00 GMT" },
      { "last-modified": "Tue, 02 Jan 2024 00:00:00 GMT" },
    ],
  ])("of a file that changed meanwhile are refused: %s", async (_what, before, after) => {
    const server = await startServer((request, response) => {
      const again = server.requests.length > 1;
      serveBytes(request, response, clip, again ? { headers: after } : { headers: before, cutAfter: 5000 });
    });
    expect(await failure(server.origin)).toMatchObject({ code: "ERR_UNREEL_SOURCE_CHANGED", retryable: true });
  });

  test("ask that the file be the same, so that a server may send the new one whole", async () => {
    const server = await startServer((request, response) => {
      const again = server.requests.length > 1;
      const headers = { etag: again ? '"2"' : '"1"' };
      if (again) expect(request.headers["if-range"]).toBe('"1"');
      serveBytes(request, response, clip, again ? { headers, ranges: false } : { headers, cutAfter: 5000 });
    });
    expect(await failure(server.origin)).toMatchObject({ code: "ERR_UNREEL_SOURCE_CHANGED" });
    expect(server.requests).toHaveLength(2);
  });

  test("of a file that is shorter than it was are refused", async () => {
    const server = await startServer((request, response) => {
      if (server.requests.length === 1) serveBytes(request, response, clip, { cutAfter: 5000 });
      else response.writeHead(416, { "content-range": "bytes */100" }).end();
    });
    expect(await failure(server.origin)).toMatchObject({ code: "ERR_UNREEL_SOURCE_CHANGED" });
  });
});

describe("a connection that breaks", () => {
  test("is made again where the server has ranges, and goes on where it was", async () => {
    const server = await startServer((request, response) => {
      const cut = server.requests.length < 6;
      serveBytes(request, response, clip, { headers: { etag: '"1"' }, ...(cut && { cutAfter: 20_000 }) });
    });
    expect(await pixels(server.origin)).toBe(expected);
    expect(server.ranges()[0]).toBe("bytes=0-");
    expect(new Set(server.ranges()).size).toBe(server.requests.length);
  });

  test("is an error where it has none", async () => {
    const server = await startFileServer(clip, { ranges: false, cutAfter: 20_000 });
    const error = await failure(`${server.origin}/a.mp4?token=secret`);
    expect(error).toMatchObject({ code: "ERR_UNREEL_NETWORK", category: "input", retryable: true });
    expect(error?.cause).toBeInstanceOf(Error);
    expect(error?.message).not.toContain("secret");
    expect(server.requests).toHaveLength(1);
  });

  test("again and again without a byte is an error after as many retries as were allowed", async () => {
    const server = await startFileServer(clip, { cutAfter: 0 });
    expect(await failure(server.origin, { http: { retries: 1 } })).toMatchObject({ code: "ERR_UNREEL_NETWORK" });
    expect(server.requests).toHaveLength(2);
  });

  test("before it is made: nobody listens", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error = await failure(`http://127.0.0.1:${port}/`, { http: { retries: 0 } });
    expect(error).toMatchObject({ code: "ERR_UNREEL_NETWORK", details: { url: `http://127.0.0.1:${port}/` } });
    expect(error?.message).toContain("ECONNREFUSED");
  });
});

describe("a status", () => {
  test.each([[401], [404], [410], [204]])("%i is an error at once", async (status) => {
    const server = await startServer((_, response) => response.writeHead(status).end());
    expect(await failure(server.origin)).toMatchObject({ code: "ERR_UNREEL_HTTP_STATUS", details: { status } });
    expect(server.requests).toHaveLength(1);
  });

  test.each([[500], [503], [429]])("%i may pass", async (status) => {
    const server = await startServer((request, response) => {
      if (server.requests.length < 3) response.writeHead(status).end();
      else serveBytes(request, response, clip);
    });
    expect(await pixels(server.origin)).toBe(expected);
  });

  test("500 that does not pass is an error", async () => {
    const server = await startServer((_, response) => response.writeHead(500).end());
    expect(await failure(server.origin, { http: { retries: 1 } })).toMatchObject({
      code: "ERR_UNREEL_HTTP_STATUS",
      details: { status: 500 },
    });
    expect(server.requests).toHaveLength(2);
  });

  test("of an empty file says so, with ranges or without", async () => {
    const ranged = await startServer((_, response) => response.writeHead(416, { "content-range": "bytes */0" }).end());
    const plain = await startServer((_, response) => response.writeHead(200, { "content-length": 0 }).end());
    for (const { origin } of [ranged, plain]) {
      expect(await failure(origin)).toMatchObject({ code: "ERR_UNREEL_EMPTY_FILE" });
    }
  });

  test("among many videos is one bad input, and the others go on", async () => {
    const model = join(folder, "tiny.onnx");
    await makeModel("tiny", model);
    await using encoder = await loadEncoder(model);
    const server = await startServer((request, response) => {
      if (request.url === "/good") serveBytes(request, response, clip);
      else response.writeHead(404).end();
    });
    const sources = [`${server.origin}/bad`, file, new URL(`${server.origin}/good`), new Uint8Array(clip)];
    const seen = new Map<unknown, unknown>();
    for await (const result of encoder.embed(sources, { count: 3 })) {
      seen.set(result.source, result.ok ? [...result.embeddings] : result.error.code);
    }
    const [bad, path, good, bytes] = sources.map((source) => seen.get(source));
    expect(bad).toBe("ERR_UNREEL_HTTP_STATUS");
    expect(good).toEqual(path);
    expect(bytes).toEqual(path);
  });
});

describe("redirects", () => {
  const hops = (request: IncomingMessage) => Number(request.url?.slice(1));

  test("are followed as often as allowed, and not again for the next part", async () => {
    const server = await startServer((request, response) => {
      const left = hops(request);
      if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end();
      else
        serveBytes(request, response, clip, {
          headers: { etag: '"1"' },
          ...(server.requests.length < 7 && { cutAfter: 9000 }),
        });
    });
    expect(await pixels(`${server.origin}/5`)).toBe(expected);
    expect(server.requests.map(({ url }) => url)).toEqual([
      ...["/5", "/4", "/3", "/2", "/1"],
      ...server.requests.slice(5).map(() => "/0"),
    ]);
    expect(server.requests.length).toBeGreaterThan(6);
    expect(await failure(`${server.origin}/5`, { http: { maxRedirects: 4 } })).toMatchObject({
      code: "ERR_UNREEL_REDIRECT_REFUSED",
    });
  });

  test("to a file of this machine are refused", async () => {
    const server = await startServer((_, response) => response.writeHead(302, { location: `file://${file}` }).end());
    expect(await failure(server.origin)).toMatchObject({ code: "ERR_UNREEL_REDIRECT_REFUSED" });
  });

  test("to another origin take no header and no password of the caller's with them", async () => {
    const server = await startServer((request, response) => {
      if (request.url === "/there") serveBytes(request, response, clip);
      else response.writeHead(307, { location: `${server.otherOrigin}/there` }).end();
    });
    const url = server.origin.replace("//", "//user:password@");
    expect(await pixels(url, { http: { headers: { "x-token": "secret" } } })).toBe(expected);
    const [here, there] = server.requests;
    expect(here?.headers).toMatchObject({
      "x-token": "secret",
      authorization: `Basic ${Buffer.from("user:password").toString("base64")}`,
      "accept-encoding": "identity",
    });
    expect(there?.headers).not.toHaveProperty("x-token");
    expect(there?.headers).not.toHaveProperty("authorization");
  });
});

describe("waiting", () => {
  test.each([
    ["for an answer", {}],
    ["for the body's first byte", { stallAfter: 0 }],
    ["in mid-body", { stallAfter: 9000 }],
    ["in mid-body, without ranges", { stallAfter: 9000, ranges: false }],
  ])("%s ends with idleTimeoutMs, and the connection with it", async (_what, options) => {
    const server = await startServer((request, response) => {
      if (Object.keys(options).length > 0) serveBytes(request, response, clip, options);
    });
    expect(await failure(server.origin, { limits: { idleTimeoutMs: 50 } })).toMatchObject({
      code: "ERR_UNREEL_LIMIT_EXCEEDED",
      details: { limit: "idleTimeoutMs" },
    });
    await server.idle();
  });

  test.each([
    ["for an answer", {}],
    ["in mid-body", { stallAfter: 9000 }],
  ])("%s ends with the caller's signal, and the connection with it", async (_what, options) => {
    const server = await startServer((request, response) => {
      if (Object.keys(options).length > 0) serveBytes(request, response, clip, options);
    });
    const controller = new AbortController();
    const opening = failure(server.origin, { signal: controller.signal });
    await server.nextRequest();
    controller.abort();
    expect(await opening).toMatchObject({ name: "AbortError", code: "ERR_UNREEL_ABORTED" });
    await server.idle();
  });

  test("ends when the video is closed", async () => {
    const server = await startFileServer(withHole(clip, 40 << 20), { ranges: false });
    const video = await openVideo(server.origin);
    expect(spoolFiles()).toBe(1);
    video.close();
    await server.idle();
    await until(() => spoolFiles() === 0);
  });
});

test("limits.maxBytes holds for what a server announces and for what it brings", async () => {
  for (const options of [{}, { ranges: false }, { ranges: false, chunked: true }]) {
    const server = await startFileServer(clip, options);
    expect(await failure(server.origin, { limits: { maxBytes: clip.length - 1 } })).toMatchObject({
      code: "ERR_UNREEL_LIMIT_EXCEEDED",
      details: { limit: "maxBytes" },
    });
    await server.idle();
  }
});

test("wrong options are refused at once", () => {
  for (const http of [{ retries: -1 }, { maxRedirects: 0.5 }, { headers: { "a b": "c" } }]) {
    expect(() => openVideo("http://127.0.0.1/", { http })).toThrow(
      expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT" }),
    );
  }
  expect(() => openVideo("http://")).toThrow(TypeError);
});
