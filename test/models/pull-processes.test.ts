// Several processes, killed and interrupted ones: the command line against a hub on this machine.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { isCodedError, pullModel } from "../../src/index.js";
import { jsonLines, runCli } from "../support/cli.js";
import { temporaryFolder } from "../support/folders.js";
import { until } from "../support/held.js";
import { serveBytes } from "../support/servers.js";
import { commit, type HubServer, modelBytes, repository, sha256Of, startHub, stubHub } from "./hub-server.js";

const root = temporaryFolder("pull-processes");
const bytes = modelBytes(4_000_000);
const half = bytes.length / 2;
const sha256 = sha256Of(bytes);
const path = "model.onnx";
const source = `hf:${repository}/${path}@${commit}`;
const args = ["models", "pull", source, "--sha256", sha256];

let folder: string;
let place: string;
let server: HubServer;
let tests = 0;

beforeEach(async () => {
  folder = join(root, String(tests++));
  mkdirSync(folder);
  place = join(folder, "models/hf", repository, commit, path);
  server = await startHub({ [path]: { bytes } });
  stubHub(server.hub.origin, folder);
});

afterEach(() => vi.unstubAllEnvs());

const partBytes = () => (existsSync(`${place}.part`) ? statSync(`${place}.part`).size : 0);
const filesLeft = () => readdirSync(dirname(place)).sort();

/** The next request for bytes gets half of them, and the rest when the caller says so. */
function holdHalf(): { readonly release: () => void } {
  let answer: ServerResponse | undefined;
  server.storageFaults.push((_, response) => {
    answer = response;
    response.writeHead(200, { "content-length": bytes.length, etag: '"e"', "accept-ranges": "bytes" });
    response.write(bytes.subarray(0, half));
    return undefined;
  });
  return { release: () => answer?.end(bytes.subarray(half)) };
}

describe("two processes at once", () => {
  test("fetch once, and both get the file", async () => {
    const held = holdHalf();
    const first = runCli(args);
    await until(() => partBytes() === half);
    const second = runCli(args, { onStderr: (text) => text.includes("waiting for that one") && held.release() });
    const results = [await first, await second];
    expect(results.map(({ status }) => status)).toEqual([0, 0]);
    expect(results.flatMap(({ stdout }) => jsonLines(stdout))).toMatchObject([
      { from: "hub", fetchedBytes: bytes.length, sha256, file: place },
      { from: "here", fetchedBytes: 0, sha256, file: place },
    ]);
    expect(server.bodyRequests()).toHaveLength(1);
    expect(sha256Of(readFileSync(place))).toBe(sha256);
    expect(filesLeft()).toEqual([path, `${path}.unreel.json`]);
  });

  test("fetch once when they begin in the same moment, four of them", async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => runCli(args)));
    expect(results.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
    expect(server.bodyRequests()).toHaveLength(1);
    expect(sha256Of(readFileSync(place))).toBe(sha256);
    expect(filesLeft()).toEqual([path, `${path}.unreel.json`]);
  });

  test("of which the first fails: the other takes over", async () => {
    const held = holdHalf();
    let firstPid = 0;
    const first = runCli(args, { onStart: ({ pid }) => (firstPid = pid ?? 0) });
    await until(() => partBytes() === half);
    const second = runCli(args, {
      onStderr: (text) => text.includes("waiting for that one") && process.kill(firstPid, "SIGKILL"),
    });
    expect((await first).signal).toBe("SIGKILL");
    expect(jsonLines((await second).stdout)).toMatchObject([{ from: "hub", resumedBytes: half, sha256 }]);
    held.release();
  });
});

describe("a process", () => {
  test("killed at 50 % leaves a part, and the next one resumes it", async () => {
    holdHalf();
    const killed = await runCli(args, {
      onStart: (child) => void until(() => partBytes() === half).then(() => child.kill("SIGKILL")),
    });
    expect(killed.signal).toBe("SIGKILL");
    expect(existsSync(place)).toBe(false);
    const next = await runCli(args);
    expect(next.status).toBe(0);
    expect(jsonLines(next.stdout)).toMatchObject([{ from: "hub", resumedBytes: half, fetchedBytes: half, sha256 }]);
    expect(server.bodyRequests().map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${half}-`]);
    expect(filesLeft()).toEqual([path, `${path}.unreel.json`]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "that %s interrupts ends with 130, keeps the part and gives the lock back",
    async (signal) => {
      holdHalf();
      const interrupted = await runCli(args, {
        onStart: (child) => void until(() => partBytes() === half).then(() => child.kill(signal)),
      });
      expect(interrupted.status).toBe(130);
      expect(filesLeft()).toEqual([`${path}.part`, `${path}.part.json`]);
      expect(jsonLines((await runCli(args)).stdout)).toMatchObject([{ resumedBytes: half, sha256 }]);
    },
  );

  test("killed between the file's name and its record costs no second download", async () => {
    await runCli(args);
    rmSync(`${place}.unreel.json`);
    expect(await pullModel(source)).toMatchObject({ from: "here", sha256 });
    expect(server.bodyRequests()).toHaveLength(1);
    expect(filesLeft()).toEqual([path, `${path}.unreel.json`]);
  });
});

describe("the lock of another host", () => {
  const foreignLock = () => {
    mkdirSync(dirname(place), { recursive: true });
    const scope = `pull-${sha256Of(Buffer.from(path)).slice(0, 16)}`;
    const lock = join(dirname(place), `${scope}.elsewhere.1.2.3.${crypto.randomUUID()}.lock`);
    writeFileSync(lock, "");
    return lock;
  };

  test("is waited for as long as its holder shows that it lives", async () => {
    const lock = foreignLock();
    const holder: string[] = [];
    const controller = new AbortController();
    const pulling = pullModel(source, {
      sha256,
      signal: controller.signal,
      onWait: ({ pid, host }) => {
        holder.push(`${pid} ${host}`);
        utimesSync(lock, new Date(), new Date());
        rmSync(lock);
      },
    });
    expect(await pulling).toMatchObject({ from: "hub", sha256 });
    expect(holder).toEqual(["2 elsewhere"]);
  });

  test("ends waiting with the signal", async () => {
    const lock = foreignLock();
    const controller = new AbortController();
    const error = await pullModel(source, { signal: controller.signal, onWait: () => controller.abort() }).catch(
      (reason) => reason,
    );
    expect(error).toMatchObject({ code: "ERR_UNREEL_ABORTED" });
    expect(filesLeft()).toEqual([lock.slice(dirname(place).length + 1)]);
  });

  test("that has been silent for a minute is taken over", async () => {
    foreignLock();
    // The minute passes in this process's clock alone.
    const now = performance.now.bind(performance);
    let waited = false;
    vi.spyOn(performance, "now").mockImplementation(() => now() + (waited ? 61_000 : 0));
    onTestFinished(() => void vi.restoreAllMocks());
    const pulled = await pullModel(source, { sha256, onWait: () => setTimeout(() => (waited = true), 0) });
    expect(pulled).toMatchObject({ from: "hub", sha256 });
  });
});

/** Mounts a file system of its own, which only root may; returns what is in the way otherwise. */
function tinyDisk(size: string): string | undefined {
  const mount = join(folder, "models");
  mkdirSync(mount);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", mount], { stdio: "pipe" });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  onTestFinished(() => void execFileSync("umount", ["-l", mount], { stdio: "pipe" }));
  return undefined;
}

describe("a full disk", () => {
  test("is seen before a byte is fetched where the server says the size", async (context) => {
    const problem = tinyDisk("2m");
    if (problem !== undefined) context.skip(`a tmpfs cannot be mounted: ${problem}`);
    const error = await pullModel(source, { sha256 }).catch((reason) => reason);
    expect(error).toMatchObject({ code: "ERR_UNREEL_IO", details: { system: "ENOSPC" } });
    expect(isCodedError(error) && error.message).toContain("Make room");
    expect(partBytes()).toBe(0);
    expect((await runCli(args)).status).toBe(1);
  });

  test("while the bytes come keeps the part, which the next call completes", async (context) => {
    const problem = tinyDisk("2m");
    if (problem !== undefined) context.skip(`a tmpfs cannot be mounted: ${problem}`);
    server.hubFaults.push(
      () => false,
      (_, response) =>
        void response.writeHead(302, { location: `${server.storage.origin}/blob/${sha256}?signature=1` }).end(),
    );
    server.storageFaults.push(
      (request, response) => void serveBytes(request, response, bytes, { chunked: true, headers: { etag: '"e"' } }),
    );
    const error = await pullModel(source, { sha256 }).catch((reason) => reason);
    expect(error).toMatchObject({ code: "ERR_UNREEL_IO", details: { system: "ENOSPC" } });
    await server.storage.idle();
    expect(existsSync(place)).toBe(false);
    expect(partBytes()).toBeGreaterThan(1_000_000);
    execFileSync("mount", ["-o", "remount,size=16m", join(folder, "models")], { stdio: "pipe" });
    expect(await pullModel(source, { sha256 })).toMatchObject({ from: "hub", sha256 });
  });
});

describe("a full disk and a copy", () => {
  test("of the hub's own cache: the copy that does not fit is deleted", async (context) => {
    const problem = tinyDisk("2m");
    if (problem !== undefined) context.skip(`a tmpfs cannot be mounted: ${problem}`);
    const cached = join(folder, "hf-home/hub", `models--${repository.replace("/", "--")}`, "snapshots", commit, path);
    mkdirSync(dirname(cached), { recursive: true });
    writeFileSync(cached, bytes);
    const error = await pullModel(source, { sha256 }).catch((reason) => reason);
    expect(error).toMatchObject({ code: "ERR_UNREEL_IO", details: { system: "ENOSPC" } });
    expect(filesLeft()).toEqual([]);
    expect(server.hub.requests).toEqual([]);
  });
});

/** A certificate for localhost that signs itself; undefined where there is no openssl. */
function selfSigned(): { key: Buffer; cert: Buffer; file: string } | undefined {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost`;
  const names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert];
  try {
    execFileSync("openssl", [...words.split(" "), ...names], { stdio: "pipe" });
  } catch {
    return undefined;
  }
  return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
}

describe("a hub that speaks TLS", () => {
  /** Puts TLS before the hub, and a proxy that tunnels before that. */
  async function secured(identity: { key: Buffer; cert: Buffer }) {
    const port = (origin: Server | TlsServer) => (origin.address() as AddressInfo).port;
    const sockets: Socket[] = [];
    const splice = (one: Socket, other: Socket) => {
      sockets.push(one, other);
      for (const socket of [one, other]) socket.on("error", () => undefined);
      one.pipe(other).pipe(one);
    };
    const hub = createTlsServer(identity, (socket) =>
      splice(socket, connect(Number(new URL(server.hub.origin).port), "127.0.0.1")),
    );
    const tunnels: string[] = [];
    const proxy = createServer();
    proxy.on("connect", (request, socket: Socket) => {
      tunnels.push(request.url ?? "");
      const [, target] = (request.url ?? "").split(":");
      const other = connect(Number(target), "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
      splice(socket, other);
    });
    for (const each of [hub, proxy]) await new Promise<void>((resolve) => each.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      hub.close();
      proxy.close();
    });
    return { endpoint: `https://localhost:${port(hub)}`, proxy: `http://127.0.0.1:${port(proxy)}`, tunnels };
  }

  test("is reached through the tunnel of HTTPS_PROXY, and may not send on to what anyone can read", async (context) => {
    const identity = selfSigned();
    if (identity === undefined) return context.skip("there is no openssl");
    server.files.set("config.json", { bytes: Buffer.from("{}\n"), lfs: false });
    const { endpoint, proxy, tunnels } = await secured(identity);
    const env = { HF_ENDPOINT: endpoint, HTTPS_PROXY: proxy, NODE_EXTRA_CA_CERTS: identity.file };
    const small = await runCli(["models", "pull", `hf:${repository}/config.json@${commit}`], { env });
    expect(small.stderr).toBe("Licence: mit\n");
    expect(jsonLines(small.stdout)).toMatchObject([{ bytes: 3, from: "hub" }]);
    expect(new Set(tunnels)).toEqual(new Set([endpoint.slice("https://".length)]));
    const downgraded = await runCli(args, { env });
    expect(downgraded).toMatchObject({ status: 1, stderr: expect.stringContaining("ERR_UNREEL_REDIRECT_REFUSED") });
    expect(server.storage.requests).toEqual([]);
    const untrusted = await runCli([...args, "--retries", "0"], { env: { ...env, NODE_EXTRA_CA_CERTS: "" } });
    expect(untrusted).toMatchObject({ status: 1, stderr: expect.stringMatching(/ERR_UNREEL_NETWORK: .*self-signed/) });
    return undefined;
  });
});
