// Pulling from a hub that behaves in every way hubs and what lies before them do.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type CodedError, type PullOptions, pullModel } from "../../src/index.js";
import { temporaryFolder } from "../support/folders.js";
import { serveBytes } from "../support/servers.js";
import {
  commit,
  type Fault,
  gitOidOf,
  type HubServer,
  modelBytes,
  repository,
  sha256Of,
  startHub,
  status,
  stubHub,
} from "./hub-server.js";

const root = temporaryFolder("pull");
const bytes = modelBytes(1_500_000);
const sha256 = sha256Of(bytes);
const other = modelBytes(1_500_000, 2);
const path = "onnx/vision model.onnx";
const source = `hf:${repository}/${path}@${commit}`;

let folder: string;
let server: HubServer;
let tests = 0;

beforeEach(async () => {
  folder = join(root, String(tests++));
  mkdirSync(folder);
  server = await startHub({ [path]: { bytes }, "config.json": { bytes: Buffer.from("{}\n"), lfs: false } });
  stubHub(server.hub.origin, folder);
});

afterEach(() => vi.unstubAllEnvs());

const place = () => join(folder, "models/hf", repository, commit, path);
const pull = (options: PullOptions = {}, what = source) => pullModel(what, { sha256, ...options });
const failure = (options: PullOptions = {}, what = source) =>
  pull(options, what).then(
    () => undefined,
    (error: unknown) => error as CodedError,
  );
const filesLeft = () => (existsSync(dirname(place())) ? readdirSync(dirname(place())).sort() : []);
/** A part's length is not foretold: what a cut connection had not handed over yet is lost. */
const partBytes = () => statSync(`${place()}.part`).size;
const someRange = expect.stringMatching(/^bytes=[1-9]\d+-$/);
const ranges = () => server.bodyRequests().map(({ headers }) => headers.range);

/** Serves a part of the file and cuts the connection. */
const cut =
  (cutAfter: number): Fault =>
  (request, response) => {
    serveBytes(request, response, bytes, { cutAfter, headers: { etag: '"e"' } });
    return undefined;
  };

describe("a model", () => {
  test("comes whole, with its record, and nothing else stays", async () => {
    const seen: number[] = [];
    const pulled = await pull({
      onProgress: ({ doneBytes, totalBytes }) => void seen.push(doneBytes, totalBytes ?? 0),
    });
    expect(pulled).toEqual({
      source,
      file: place(),
      bytes: bytes.length,
      sha256,
      licence: "mit",
      from: "hub",
      fetchedBytes: bytes.length,
      resumedBytes: 0,
    });
    expect(sha256Of(readFileSync(place()))).toBe(sha256);
    expect(filesLeft()).toEqual(["vision model.onnx", "vision model.onnx.unreel.json"]);
    expect(seen.slice(-2)).toEqual([bytes.length, bytes.length]);
  });

  test("is asked for without compression, and by a path that a URL can hold", async () => {
    await pull();
    expect(
      server.hub.requests.some(({ url }) => url === `/${repository}/resolve/${commit}/onnx/vision%20model.onnx`),
    ).toBe(true);
    expect(server.bodyRequests()[0]?.headers["accept-encoding"]).toBe("identity");
  });

  test("is fetched once: then its bytes are hashed again and nothing is asked", async () => {
    await pull();
    const asked = server.hub.requests.length;
    expect(await pull()).toMatchObject({ from: "here", fetchedBytes: 0, licence: "mit" });
    expect(await pullModel(source)).toMatchObject({ from: "here", sha256 });
    expect(server.hub.requests).toHaveLength(asked);
  });

  test("is fetched once by calls of one process, too", async () => {
    const pulled = await Promise.all([pull(), pull(), pull()]);
    expect(pulled.map(({ from }) => from).sort()).toEqual(["here", "here", "hub"]);
    expect(server.bodyRequests()).toHaveLength(1);
  });

  test("that was damaged since is fetched anew", async () => {
    await pull();
    writeFileSync(place(), other);
    expect(await pull()).toMatchObject({ from: "hub", sha256 });
    expect(readFileSync(place()).equals(bytes)).toBe(true);
  });

  test("goes to a file of the user's, and replaces none", async () => {
    const out = join(folder, "encoder.onnx");
    expect(await pull({ out })).toMatchObject({ file: out, from: "hub" });
    expect(readdirSync(folder).sort()).toEqual(["encoder.onnx"]);
    expect(await pull({ out })).toMatchObject({ from: "here" });
    expect(await pullModel(source, { out })).toMatchObject({ from: "here" });
    writeFileSync(out, "mine");
    expect(await failure({ out })).toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
    expect(await pullModel(source, { out }).catch((error) => error.code)).toBe("ERR_UNREEL_OUTPUT_EXISTS");
    expect(readFileSync(out, "utf8")).toBe("mine");
    expect(await failure({ out: join(folder, "no/such/folder.onnx") })).toMatchObject({
      code: "ERR_UNREEL_OUTPUT_NOT_WRITABLE",
    });
    expect(await failure({ out: folder })).toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
  });

  test("that was pulled is copied to a file of the user's without the network", async () => {
    await pull();
    const asked = server.hub.requests.length;
    const out = join(folder, "copy.onnx");
    expect(await pull({ out, offline: true })).toMatchObject({ from: "copy", file: out, sha256 });
    expect(server.hub.requests).toHaveLength(asked);
  });
});

describe("without a hash of the user's", () => {
  test("a commit's file is proven by the SHA-256 that the hub states", async () => {
    expect(await pullModel(source)).toMatchObject({ sha256, from: "hub" });
    server.storageFaults.push((request, response) => void serveBytes(request, response, other));
    const out = join(folder, "x.onnx");
    vi.stubEnv("UNREEL_MODELS", join(folder, "models2"));
    expect(await pullModel(source, { out }).catch((error) => error)).toMatchObject({
      code: "ERR_UNREEL_HASH_MISMATCH",
    });
    expect(existsSync(out)).toBe(false);
  });

  test("a small file is proven by git's hash", async () => {
    const small = `hf:${repository}/config.json@${commit}`;
    expect(await pullModel(small)).toMatchObject({ bytes: 3, sha256: sha256Of(Buffer.from("{}\n")) });
    vi.stubEnv("UNREEL_MODELS", join(folder, "models2"));
    server.hubFaults.push(
      () => false,
      () => false,
      () => false,
      (request, response) => void serveBytes(request, response, Buffer.from("[]\n")),
    );
    expect(await pullModel(small).catch((error) => error)).toMatchObject({
      code: "ERR_UNREEL_HASH_MISMATCH",
      message: expect.stringContaining(gitOidOf(Buffer.from("{}\n"))),
    });
  });

  test("a branch is refused, and taken with one", async () => {
    const branch = `hf:${repository}/${path}@main`;
    expect(() => pullModel(branch)).toThrow(
      expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT", message: expect.stringContaining("--sha256") }),
    );
    expect(await pull({}, branch)).toMatchObject({ sha256, source: branch });
  });

  test("a hub whose interface answers something else is told from one that cannot be reached", async () => {
    server.hubFaults.push((_, response) => void response.end("<html>"));
    expect(await pullModel(source).catch((error) => error)).toMatchObject({
      code: "ERR_UNREEL_NETWORK",
      message: expect.stringContaining("HF_ENDPOINT"),
    });
    server.hubFaults.push((_, response) => void response.end("{}"));
    expect(await pullModel(source).catch((error) => error)).toMatchObject({ code: "ERR_UNREEL_NETWORK" });
  });

  test("an interface that does not know the licence is no hindrance", async () => {
    server.hubFaults.push(status(500));
    const pulled = await pull();
    expect(pulled.licence).toBeUndefined();
    expect(pulled.sha256).toBe(sha256);
  });
});

describe("wrong bytes", () => {
  test("never get the name, and are deleted", async () => {
    server.files.set(path, { bytes: other });
    const error = await failure();
    expect(error).toMatchObject({ code: "ERR_UNREEL_HASH_MISMATCH", retryable: false });
    expect(error?.message).toContain(sha256Of(other));
    expect(error?.message).toContain(sha256);
    expect(filesLeft()).toEqual([]);
  });

  test("of a size that cannot be right are not even fetched", async () => {
    server.storageFaults.push((request, response) => void serveBytes(request, response, bytes.subarray(1)));
    expect(await pullModel(source).catch((error) => error)).toMatchObject({ code: "ERR_UNREEL_HASH_MISMATCH" });
    expect(filesLeft()).toEqual([]);
  });

  test("that came compressed are refused", async () => {
    server.storageFaults.push((_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end("x"));
    expect(await failure()).toMatchObject({ code: "ERR_UNREEL_NETWORK" });
  });
});

describe("a cut connection", () => {
  test("is taken up where it was cut", async () => {
    server.storageFaults.push(cut(700_000));
    expect(await pull()).toMatchObject({ from: "hub", sha256, fetchedBytes: bytes.length });
    expect(ranges()).toEqual([undefined, someRange]);
  });

  test("again and again is an error, and the part is kept for the next call", async () => {
    server.storageFaults.push(cut(500_000), cut(0), cut(0));
    expect(await failure({ retries: 1 })).toMatchObject({ code: "ERR_UNREEL_NETWORK", retryable: true });
    expect(filesLeft()).toEqual(["vision model.onnx.part", "vision model.onnx.part.json"]);
    server.storageFaults.length = 0;
    const kept = partBytes();
    expect(kept).toBeGreaterThan(0);
    expect(await pull()).toMatchObject({ resumedBytes: kept, fetchedBytes: bytes.length - kept, sha256 });
    expect(ranges().at(-1)).toBe(`bytes=${kept}-`);
  });

  test("begins anew where the server has no ranges, and ends after as many retries as were allowed", async () => {
    server.storageOptions = { ranges: false };
    server.storageFaults.push(cut(700_000));
    expect(await pull()).toMatchObject({ sha256, fetchedBytes: bytes.length + 700_000, resumedBytes: 0 });
    vi.stubEnv("UNREEL_MODELS", join(folder, "models2"));
    server.storageOptions = { ranges: false, cutAfter: 700_000 };
    const before = server.bodyRequests().length;
    expect(await failure({ retries: 2 })).toMatchObject({ code: "ERR_UNREEL_NETWORK" });
    // An attempt that came further than any before it is no reason to give up; bytes that come again are no progress.
    expect(server.bodyRequests().length - before).toBeGreaterThanOrEqual(3);
  });

  test("before there is one: nobody listens", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${(gone.address() as AddressInfo).port}`);
    await new Promise((resolve) => gone.close(resolve));
    expect(await failure({ retries: 0 })).toMatchObject({
      code: "ERR_UNREEL_NETWORK",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

describe("a part", () => {
  const begin = async () => {
    server.storageFaults.push(cut(600_000));
    expect(await failure({ retries: 0 })).toMatchObject({ code: "ERR_UNREEL_NETWORK" });
  };

  test("of a file that changed meanwhile is thrown away, before a byte of the other is asked for", async () => {
    await begin();
    server.files.set(path, { bytes: other });
    expect(await pull({ sha256: sha256Of(other) })).toMatchObject({ sha256: sha256Of(other), resumedBytes: 0 });
    expect(ranges()).toEqual([undefined, undefined]);
  });

  test("is told by the storage's own ETag where the hub says nothing", async () => {
    const plain: Fault = (_, response) =>
      void response.writeHead(302, { location: `${server.storage.origin}/blob/${sha256}?signature=1` }).end();
    const tagged =
      (etag: string, content: Uint8Array, cutAfter?: number): Fault =>
      (request, response) => {
        const ranged = request.headers["if-range"] === undefined || request.headers["if-range"] === etag;
        serveBytes(request, response, content, { ranges: ranged, headers: { etag }, cutAfter });
        return undefined;
      };
    const licence: Fault = () => false;
    server.hubFaults.push(licence, plain, plain, plain);
    server.storageFaults.push(tagged('"a"', bytes, 400_000), tagged('"a"', bytes, 300_000), tagged('"b"', other));
    expect(await pull({ sha256: sha256Of(other) })).toMatchObject({ sha256: sha256Of(other) });
    expect(server.bodyRequests().map(({ headers }) => [headers.range, headers["if-range"]])).toEqual([
      [undefined, undefined],
      [someRange, '"a"'],
      [someRange, '"a"'],
    ]);
  });

  test("is not completed with bytes of another file, although the server sends them", async () => {
    const hub: Fault = (_, response) =>
      void response.writeHead(302, { location: `${server.storage.origin}/blob/x?signature=1` }).end();
    const weak =
      (etag: string, content: Uint8Array, cutAfter?: number): Fault =>
      (request, response) =>
        void serveBytes(request, response, content, { headers: { etag }, cutAfter });
    server.hubFaults.push(() => false, hub, hub, hub);
    server.storageFaults.push(weak('W/"a"', other, 600_000), weak('W/"b"', bytes), weak('W/"b"', bytes));
    const kept: number[] = [];
    const pulled = await pull({ onRetry: () => existsSync(`${place()}.part`) && kept.push(partBytes()) });
    expect(pulled).toMatchObject({ sha256, fetchedBytes: Number(kept[0]) + bytes.length });
    expect(server.bodyRequests().map(({ headers }) => headers["if-range"])).toEqual([undefined, undefined, undefined]);
  });

  test("with rotten bytes is found out, and the file is fetched anew", async () => {
    await begin();
    const part = `${place()}.part`;
    writeFileSync(part, Buffer.alloc(statSync(part).size));
    expect(await pull()).toMatchObject({ sha256 });
    expect(ranges()).toEqual([undefined, someRange, undefined]);
  });

  test("that is longer than the file begins anew", async () => {
    await begin();
    truncateSync(`${place()}.part`, bytes.length + 5);
    expect(await pull()).toMatchObject({ sha256 });
  });

  test("that is longer than the server says begins anew", async () => {
    await begin();
    truncateSync(`${place()}.part`, bytes.length + 5);
    const record = JSON.parse(readFileSync(`${place()}.part.json`, "utf8"));
    writeFileSync(`${place()}.part.json`, JSON.stringify({ ...record, bytes: undefined }));
    expect(await pull()).toMatchObject({ sha256 });
    expect(ranges()).toEqual([undefined, `bytes=${bytes.length + 5}-`, undefined]);
  });

  test("that is the whole file already is proven without a request for bytes", async () => {
    await begin();
    writeFileSync(`${place()}.part`, bytes);
    expect(await pull()).toMatchObject({ sha256, fetchedBytes: 0, resumedBytes: bytes.length });
    expect(ranges()).toHaveLength(1);
  });

  test("without a record is not trusted", async () => {
    await begin();
    writeFileSync(`${place()}.part.json`, "{");
    expect(await pull()).toMatchObject({ sha256, resumedBytes: 0 });
  });
});

describe("a status", () => {
  test.each([
    [401, undefined, "check the name"],
    [403, "GatedRepo", "terms"],
    [404, "RepoNotFound", "no repository"],
    [404, "RevisionNotFound", `no revision ${commit}`],
    [404, "EntryNotFound", `no file ${path}`],
    [404, undefined, "check the name"],
    [410, undefined, "no answer"],
  ])("%i %s is an error at once that says what to do", async (code, reason, words) => {
    const headers = reason === undefined ? {} : { "x-error-code": reason };
    server.hubFaults.push(status(500), status(code, headers));
    const error = await failure();
    expect(error).toMatchObject({
      code: "ERR_UNREEL_HTTP_STATUS",
      details: { status: code, ...(reason && { reason }) },
    });
    expect(error?.message).toContain(words);
    expect(server.hub.requests).toHaveLength(2);
  });

  test("of the hub's interface is the same error", async () => {
    const error = await pullModel(`hf:${repository}/nothing.onnx@${commit}`).catch((reason) => reason);
    expect(error).toMatchObject({ code: "ERR_UNREEL_HTTP_STATUS", details: { status: 404, reason: "EntryNotFound" } });
    expect(await pullModel(`hf:Nobody/nothing/a.onnx@${commit}`).catch((reason) => reason)).toMatchObject({
      details: { status: 401 },
    });
  });

  test.each([[500], [502], [503], [429], [408]])("%i may pass", async (code) => {
    server.hubFaults.push(() => false, status(code), status(code));
    expect(await pull()).toMatchObject({ sha256 });
  });

  test("500 that does not pass is an error", async () => {
    server.hubFaults.push(...Array.from({ length: 9 }, () => status(500)));
    expect(await failure({ retries: 1 })).toMatchObject({ code: "ERR_UNREEL_HTTP_STATUS", details: { status: 500 } });
    expect(server.hub.requests).toHaveLength(3);
  });

  test.each([
    ["seconds", () => "1"],
    ["a date", () => new Date(Date.now() + 2000).toUTCString()],
  ])("429 with Retry-After in %s is heeded", async (_form, retryAfter) => {
    server.hubFaults.push(() => false, status(429, { "retry-after": retryAfter() }));
    const waits: number[] = [];
    expect(await pull({ onRetry: ({ waitMs }) => void waits.push(waitMs) })).toMatchObject({ sha256 });
    // Dates are whole seconds.
    expect(waits).toEqual([expect.toSatisfy((waitMs: number) => waitMs > 950 && waitMs <= 2000)]);
  });

  test("429 that asks for a longer pause than anybody waits is an error that says how long", async () => {
    server.hubFaults.push(() => false, status(429, { "retry-after": "3600" }));
    const error = await failure();
    expect(error).toMatchObject({ code: "ERR_UNREEL_HTTP_STATUS", details: { status: 429, retryAfterMs: 3_600_000 } });
    expect(error?.message).toContain("3600 s");
  });

  test("403 of the storage, whose signature ran out, is asked for again from the hub", async () => {
    server.storageFaults.push(status(403));
    expect(await pull()).toMatchObject({ sha256 });
    expect(server.hub.requests.filter(({ url }) => url?.includes("/resolve/"))).toHaveLength(2);
  });
});

describe("waiting", () => {
  test.each<[string, Fault]>([
    ["for an answer", () => undefined],
    ["in mid-body", (request, response) => void serveBytes(request, response, bytes, { stallAfter: 300_000 })],
  ])("%s ends after idleTimeoutMs", async (_what, stall) => {
    server.storageFaults.push(stall);
    const error = await failure({ retries: 0, idleTimeoutMs: 300 });
    expect(error).toMatchObject({ code: "ERR_UNREEL_NETWORK", retryable: true });
    expect(error?.message).toContain("idleTimeoutMs");
    await server.storage.idle();
  });

  test("ends with the signal, the part is kept, and the next call goes on", async () => {
    server.storageFaults.push(
      (request, response) =>
        void serveBytes(request, response, bytes, { stallAfter: 300_000, headers: { etag: '"e"' } }),
    );
    const controller = new AbortController();
    const pulling = failure({
      signal: controller.signal,
      onProgress: ({ doneBytes }) => doneBytes >= 300_000 && controller.abort(),
    });
    expect(await pulling).toMatchObject({ name: "AbortError", code: "ERR_UNREEL_ABORTED" });
    await server.storage.idle();
    expect(filesLeft()).toEqual(["vision model.onnx.part", "vision model.onnx.part.json"]);
    const kept = partBytes();
    expect(kept).toBe(300_000);
    expect(await pull()).toMatchObject({ resumedBytes: kept, sha256 });
  });

  test("a signal that fired before ends it at once", async () => {
    expect(await failure({ signal: AbortSignal.abort() })).toMatchObject({ code: "ERR_UNREEL_ABORTED" });
    expect(server.hub.requests).toEqual([]);
  });
});

describe("redirects", () => {
  const redirect = (location: string): Fault => status(302, { location });

  test("in a circle end", async () => {
    server.hubFaults.push(() => false, ...Array.from({ length: 20 }, () => redirect("/again")));
    expect(await failure()).toMatchObject({ code: "ERR_UNREEL_REDIRECT_REFUSED" });
  });

  test("to a file of this machine are refused", async () => {
    server.hubFaults.push(() => false, redirect("file:///etc/passwd"));
    expect(await failure()).toMatchObject({ code: "ERR_UNREEL_REDIRECT_REFUSED" });
  });
});

describe("the access token", () => {
  const authorizations = (requests: readonly IncomingMessage[]) =>
    new Set(requests.map(({ headers }) => headers.authorization));

  test.each([
    ["HF_TOKEN", () => vi.stubEnv("HF_TOKEN", "hf_secret")],
    ["HF_TOKEN, with white space around it,", () => vi.stubEnv("HF_TOKEN", " hf_secret\n")],
    [
      "the token file of HF_HOME",
      () => {
        mkdirSync(join(folder, "hf-home"));
        writeFileSync(join(folder, "hf-home/token"), "hf_secret\n");
      },
    ],
    [
      "HF_TOKEN_PATH",
      () => {
        writeFileSync(join(folder, "t"), "hf_secret");
        vi.stubEnv("HF_TOKEN_PATH", join(folder, "t"));
      },
    ],
  ])("of %s goes to the hub, and not to where it sends on to", async (_from, prepare) => {
    prepare();
    server.token = "hf_secret";
    expect(await pullModel(source)).toMatchObject({ sha256 });
    expect(authorizations(server.hub.requests)).toEqual(new Set(["Bearer hf_secret"]));
    expect(authorizations(server.storage.requests)).toEqual(new Set([undefined]));
  });

  test("is never shown, nor are signed addresses", async () => {
    vi.stubEnv("HF_TOKEN", "hf_secret");
    server.token = "hf_other";
    server.storageFaults.push(...Array.from({ length: 9 }, () => status(500)));
    for (const token of ["hf_other", "hf_secret"]) {
      server.token = token;
      const error = await failure({ retries: 0 });
      expect(error).toMatchObject({ code: "ERR_UNREEL_HTTP_STATUS" });
      expect(JSON.stringify([error, error?.message, error?.details])).not.toContain("secret");
    }
  });

  test("that no header can carry is refused without showing it", async () => {
    vi.stubEnv("HF_TOKEN", "hf_se\ncret");
    const error = await failure();
    expect(error).toMatchObject({ code: "ERR_UNREEL_INVALID_ARGUMENT" });
    expect(error?.message).not.toContain("cret");
  });

  test("that may not read a gated model is told what to do", async () => {
    vi.stubEnv("HF_TOKEN", "hf_secret");
    server.gated = true;
    expect((await failure())?.message).toContain("terms must be accepted");
  });
});

describe("offline", () => {
  test.each([
    ["options.offline", { offline: true }, undefined],
    ["HF_HUB_OFFLINE", {}, "1"],
  ])("%s asks nobody", async (_what, options, variable) => {
    vi.stubEnv("HF_HUB_OFFLINE", variable);
    expect(await failure(options)).toMatchObject({ code: "ERR_UNREEL_OFFLINE" });
    expect(await pullModel(source, options).catch((error) => error)).toMatchObject({ code: "ERR_UNREEL_OFFLINE" });
    expect(server.hub.requests).toEqual([]);
  });
});

describe("the cache of the hub's own tools", () => {
  const cache = (content: Uint8Array, name = sha256, revision = commit) => {
    const storage = join(folder, `hf-home/hub/models--${repository.replace("/", "--")}`);
    const snapshot = join(storage, "snapshots", commit, path);
    for (const each of [join(storage, "blobs"), join(storage, "refs"), dirname(snapshot)])
      mkdirSync(each, { recursive: true });
    writeFileSync(join(storage, "blobs", name), content);
    writeFileSync(join(storage, "refs", revision), commit);
    symlinkSync(join("../../../blobs", name), snapshot);
  };

  test("gives a file that is there, after its bytes were proven", async () => {
    cache(bytes);
    expect(await pull()).toMatchObject({ from: "copy", file: place(), sha256 });
    vi.stubEnv("UNREEL_MODELS", join(folder, "models2"));
    expect(await pullModel(source, { offline: true })).toMatchObject({ from: "copy", sha256 });
    expect(server.hub.requests).toEqual([]);
  });

  test("gives what a branch was when it was fetched, if it is right", async () => {
    cache(bytes, sha256, "main");
    expect(await pull({ offline: true }, `hf:${repository}/${path}@main`)).toMatchObject({ from: "copy" });
  });

  test("gives a small file, named by git's hash", async () => {
    cache(bytes, gitOidOf(bytes));
    expect(await pullModel(source, { offline: true })).toMatchObject({ from: "copy" });
  });

  test("with a damaged file is passed over", async () => {
    cache(other);
    expect(await pull()).toMatchObject({ from: "hub", sha256 });
  });
});

describe("a proxy", () => {
  /** Forwards and tunnels, and writes down for whom. */
  async function startProxy() {
    const seen: string[] = [];
    const proxy = createServer(async (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"] ?? ""}`);
      const headers = Object.fromEntries(
        Object.entries(request.headers).filter(
          ([name]) => !/^(host|connection|proxy-.*|content-length|transfer-encoding)$/.test(name),
        ),
      );
      const body = ["GET", "HEAD"].includes(request.method ?? "")
        ? undefined
        : await new Response(request as never).arrayBuffer();
      const answer = await fetch(request.url ?? "", {
        method: request.method ?? "GET",
        headers: headers as never,
        redirect: "manual",
        ...(body && { body }),
      });
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
    proxy.on("connect", (request, socket) => {
      seen.push(`CONNECT ${request.url} ${request.headers["proxy-authorization"] ?? ""}`);
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void proxy.close());
    return { port: (proxy.address() as AddressInfo).port, seen };
  }

  test("of HTTP_PROXY carries every request, and its password is sent to it alone", async () => {
    const { port, seen } = await startProxy();
    vi.stubEnv("HTTP_PROXY", `http://user:pass@127.0.0.1:${port}`);
    expect(await pullModel(source)).toMatchObject({ sha256 });
    expect(seen.length).toBe(server.hub.requests.length + server.storage.requests.length);
    expect(seen.some((line) => line.startsWith(`GET ${server.hub.origin}/${repository}/resolve/`))).toBe(true);
    expect(seen.every((line) => line.endsWith(`Basic ${Buffer.from("user:pass").toString("base64")}`))).toBe(true);
  });

  test("of HTTPS_PROXY is asked for a tunnel to a hub that speaks TLS", async () => {
    const { port, seen } = await startProxy();
    vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${port}`);
    vi.stubEnv("HF_ENDPOINT", "https://hub.invalid");
    const error = await failure({ retries: 0 });
    expect(error).toMatchObject({ code: "ERR_UNREEL_NETWORK" });
    expect(seen).toContain("CONNECT hub.invalid:443 ");
  });

  test("is not asked for what NO_PROXY names", async () => {
    const { port, seen } = await startProxy();
    vi.stubEnv("HTTP_PROXY", `http://127.0.0.1:${port}`);
    vi.stubEnv("NO_PROXY", "127.0.0.1");
    expect(await pull()).toMatchObject({ sha256 });
    expect(seen).toEqual([]);
  });

  test("of another kind is refused without showing its password", async () => {
    vi.stubEnv("HTTP_PROXY", "socks5://user:pass@127.0.0.1:1");
    const error = await failure();
    expect(error).toMatchObject({ code: "ERR_UNREEL_INVALID_ARGUMENT" });
    expect(error?.message).not.toContain("pass");
  });
});

describe("wrong arguments", () => {
  test.each([
    ["hf:a/b/c.onnx", "revision"],
    ["hf:a/b@main", "file"],
    ["hf:a/../c.onnx@main", "repository"],
    ["hf:a/b/../../c.onnx@main", "path"],
    ["hf:a/b/c.onnx@..", "revision"],
    ["hf:/b/c.onnx@main", "owner"],
  ])("%s is refused at once", (text, words) => {
    expect(() => pullModel(text, { sha256 })).toThrow(
      expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT", message: expect.stringContaining(words) }),
    );
  });

  test("are refused at once", () => {
    for (const options of [{ sha256: "12" }, { retries: -1 }, { idleTimeoutMs: 0 }, { out: "" }]) {
      expect(() => pullModel(source, options)).toThrow(
        expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT" }),
      );
    }
    expect(() => pullModel("")).toThrow(TypeError);
  });

  test("an endpoint that is none is refused without showing a password", async () => {
    for (const endpoint of ["ftp://hub", "nonsense", "http://user:pass@127.0.0.1"]) {
      vi.stubEnv("HF_ENDPOINT", endpoint);
      const error = await failure();
      expect(error).toMatchObject({ code: "ERR_UNREEL_INVALID_ARGUMENT" });
      expect(error?.message).not.toContain("pass@");
    }
  });
});
