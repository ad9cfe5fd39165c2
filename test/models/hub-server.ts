// A hub on this machine: the paths and headers of the real one, as far as unreel and @huggingface/hub ask for them.
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { vi } from "vitest";
import { firstByte, type ServeOptions, serveBytes, startServer, type TestServer } from "../support/servers.js";

export const commit = "d15189d7028b43f1d3e65039190477f6af591c2a";
export const repository = "OpenClip/vit-tiny";

/** Answers in place of the hub or of its storage; `false` leaves the request to them. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => false | undefined;

/** A file of the hub's one repository. */
export interface HubFile {
  readonly bytes: Uint8Array;
  /** Stored by SHA-256 on the other server, as large files are. Default true. */
  readonly lfs?: boolean;
}

/** A running hub, and the server that it sends on to for the bytes. */
export interface HubServer {
  readonly hub: TestServer;
  readonly storage: TestServer;
  /** Files by path; may be changed meanwhile. */
  readonly files: Map<string, HubFile>;
  /** Each answers one request, in order. */
  readonly hubFaults: Fault[];
  readonly storageFaults: Fault[];
  /** How the storage serves from now on. */
  storageOptions: ServeOptions;
  /** A token that the repository is closed to all others without. */
  token: string | undefined;
  /** Whether the terms must be accepted, and nobody has. */
  gated: boolean;
  /** Requests to the storage for bytes. */
  bodyRequests(): readonly IncomingMessage[];
}

export const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
export const gitOidOf = (bytes: Uint8Array) =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** Seeded bytes that do not repeat. */
export function modelBytes(length: number, seed = 1): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i * 64 < length; i++) parts.push(createHash("sha512").update(`${seed}-${i}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Fault =>
  (_, response) => {
    response.writeHead(code, headers).end();
    return undefined;
  };

/** The environment that a pull heeds, without what this machine's user has set; ends with the test. */
export function stubHub(endpoint: string, folder: string): void {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"]) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toLowerCase(), undefined);
  }
  for (const name of ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]) {
    vi.stubEnv(name, undefined);
  }
  for (const name of ["HF_HUB_OFFLINE", "UNREEL_REGISTRY", "UNREEL_CACHE"]) vi.stubEnv(name, undefined);
  vi.stubEnv("HF_ENDPOINT", endpoint);
  vi.stubEnv("HF_HOME", `${folder}/hf-home`);
  vi.stubEnv("UNREEL_MODELS", `${folder}/models`);
}

/** Starts both servers; they end with the test. */
export async function startHub(files: Readonly<Record<string, HubFile>>): Promise<HubServer> {
  const state = {
    files: new Map(Object.entries(files)),
    hubFaults: [] as Fault[],
    storageFaults: [] as Fault[],
    storageOptions: {} as ServeOptions,
    token: undefined as string | undefined,
    gated: false,
  };
  const storage = await startServer((request, response) => {
    const fault = state.storageFaults.shift();
    if (fault !== undefined && fault(request, response) !== false) return;
    serveBlob(request, response, state);
  });
  const hub = await startServer((request, response) => {
    const fault = state.hubFaults.shift();
    if (fault !== undefined && fault(request, response) !== false) return;
    answer(request, response, state, storage.origin);
  });
  return Object.assign(state, {
    hub,
    storage,
    bodyRequests: () => storage.requests.filter(({ url }) => url?.startsWith("/blob/")),
  });
}

type State = Pick<HubServer, "files" | "storageOptions" | "token" | "gated">;

function serveBlob(request: IncomingMessage, response: ServerResponse, { files, storageOptions }: State): void {
  const sha256 = /^\/blob\/(\w+)\?signature=/.exec(request.url ?? "")?.[1];
  const file = [...files.values()].find(({ bytes }) => sha256Of(bytes) === sha256);
  if (file === undefined) response.writeHead(404).end();
  else serveTagged(request, response, file.bytes, `"storage-${sha256?.slice(0, 9)}"`, storageOptions);
}

function serveTagged(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  etag: string,
  options: ServeOptions = {},
): void {
  const condition = request.headers["if-range"];
  if (options.ranges !== false && (firstByte(request) ?? 0) >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  const ranges = options.ranges ?? (condition === undefined || condition === etag);
  serveBytes(request, response, bytes, { ...options, ranges, headers: { etag, ...options.headers } });
}

function refuse(response: ServerResponse, code: number, reason?: string): void {
  response.writeHead(code, { ...(reason && { "x-error-code": reason }), "content-type": "application/json" });
  response.end(JSON.stringify({ error: reason ?? "no" }));
}

/** What a request is about. */
interface Asked {
  readonly kind: "resolve" | "paths-info" | "revision";
  readonly repository: string;
  readonly revision: string;
  readonly path: string;
}

function askedOf(url: string): Asked | undefined {
  const [, name, revision, path] = /^\/([\w-]+\/[\w.-]+)\/resolve\/([^/]+)\/(.+)$/.exec(url) ?? [];
  if (name !== undefined) return { kind: "resolve", repository: name, revision: `${revision}`, path: `${path}` };
  const [, model, kind, commitish] = /^\/api\/models\/([\w-]+\/[\w.-]+)\/(paths-info|revision)\/(.+)$/.exec(url) ?? [];
  if (kind !== "paths-info" && kind !== "revision") return undefined;
  return { kind, repository: `${model}`, revision: `${commitish}`, path: "" };
}

/** Why the hub refuses, as it says it. */
function refused(
  request: IncomingMessage,
  asked: Asked | undefined,
  { token, gated }: State,
): [number, string] | undefined {
  if (asked?.repository !== repository) return [401, "RepoNotFound"];
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) return [401, "GatedRepo"];
  if (gated) return [403, "GatedRepo"];
  return [commit, "main"].includes(asked.revision) ? undefined : [404, "RevisionNotFound"];
}

function answer(request: IncomingMessage, response: ServerResponse, state: State, storage: string): void {
  const { pathname } = new URL(request.url ?? "/", "http://hub");
  const [, cached] = /^\/api\/resolve-cache\/(.+)$/.exec(pathname) ?? [];
  const asked = askedOf(pathname);
  const no = refused(request, asked, state);
  if (cached !== undefined) serveSmall(request, response, decodeURIComponent(cached), state);
  else if (asked === undefined || no !== undefined) refuse(response, ...(no ?? ([404, "RepoNotFound"] as const)));
  else if (asked.kind === "revision") response.end(JSON.stringify(modelInfo));
  else if (asked.kind === "paths-info") void pathsInfo(request, response, state);
  else resolve(response, decodeURIComponent(asked.path), state, storage);
}

const modelInfo = {
  _id: "1",
  id: repository,
  private: false,
  gated: false,
  downloads: 1,
  likes: 1,
  lastModified: "2024-01-01T00:00:00.000Z",
  tags: ["onnx", "license:mit"],
  cardData: { license: "mit" },
};

async function pathsInfo(request: IncomingMessage, response: ServerResponse, { files }: State): Promise<void> {
  const { paths } = JSON.parse(await text(request)) as { paths: string[] };
  const found = paths.flatMap((path) => {
    const file = files.get(path);
    if (file === undefined) return [];
    const size = file.bytes.length;
    const lfs = file.lfs !== false && { lfs: { oid: sha256Of(file.bytes), size, pointerSize: 134 } };
    return [{ type: "file", path, size, oid: gitOidOf(file.bytes), ...lfs }];
  });
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(found));
}

/** Large files are elsewhere, small ones behind another path of the hub itself. */
function resolve(response: ServerResponse, path: string, { files }: State, storage: string): void {
  const file = files.get(path);
  if (file === undefined) {
    refuse(response, 404, "EntryNotFound");
    return;
  }
  const lfs = file.lfs !== false;
  const sha256 = sha256Of(file.bytes);
  response.writeHead(lfs ? 302 : 307, {
    location: lfs
      ? `${storage}/blob/${sha256}?signature=secret-${Date.now()}`
      : `/api/resolve-cache/${encodeURIComponent(path)}`,
    "x-repo-commit": commit,
    "x-linked-size": String(file.bytes.length),
    "x-linked-etag": `"${lfs ? sha256 : gitOidOf(file.bytes)}"`,
    ...(lfs && { "x-xet-hash": sha256Of(Buffer.from(sha256)), link: '<https://cas.invalid/auth>; rel="xet-auth"' }),
  });
  response.end();
}

function serveSmall(request: IncomingMessage, response: ServerResponse, path: string, { files }: State): void {
  const bytes = files.get(path)?.bytes;
  if (bytes === undefined) refuse(response, 404, "EntryNotFound");
  else serveTagged(request, response, bytes, `"${gitOidOf(bytes)}"`, { headers: { "x-repo-commit": commit } });
}
