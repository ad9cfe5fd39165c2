// HTTP servers on this machine that serve bytes, well or badly.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A running server. */
export interface TestServer {
  /** `http://127.0.0.1:PORT`, or the same with the name localhost: another origin. */
  readonly origin: string;
  readonly otherOrigin: string;
  readonly requests: readonly IncomingMessage[];
  /** The `Range` headers of the requests, in order. */
  ranges(): (string | undefined)[];
  /** Body bytes handed to the sockets so far. */
  sent(): number;
  /** Resolves once no answer is open: clients have read them all, or gone. */
  idle(): Promise<void>;
  /** Resolves at the next request. */
  nextRequest(): Promise<IncomingMessage>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Starts a server that is closed, with all its connections, when the test ends. */
export async function startServer(handler: Handler): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  const closed = new Set<Promise<unknown>>();
  let arrived: ((request: IncomingMessage) => void)[] = [];
  let sent = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    const ended: Promise<unknown> = new Promise((resolve) => response.on("close", resolve)).then(() =>
      closed.delete(ended),
    );
    closed.add(ended);
    const write = response.write.bind(response);
    const end = response.end.bind(response);
    const counted = (chunk: unknown) => {
      if (chunk instanceof Uint8Array) sent += chunk.length;
      return chunk;
    };
    response.write = ((chunk: Uint8Array) => write(counted(chunk))) as typeof response.write;
    response.end = ((chunk?: Uint8Array) => end(counted(chunk))) as typeof response.end;
    for (const tell of arrived.splice(0)) tell(request);
    handler(request, response);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    otherOrigin: `http://localhost:${port}`,
    requests,
    ranges: () => requests.map(({ headers }) => headers.range),
    sent: () => sent,
    async idle() {
      while (closed.size > 0) await Promise.all(closed);
    },
    nextRequest: () =>
      new Promise((resolve) => {
        arrived = [...arrived, resolve];
      }),
  };
}

/** How {@link serveBytes} answers. */
export interface ServeOptions {
  /** Default true. */
  readonly ranges?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Cut the connection after so many bytes of the body. */
  readonly cutAfter?: number | undefined;
  /** Send so many bytes of the body and then nothing. */
  readonly stallAfter?: number | undefined;
  /** The body without saying its length. */
  readonly chunked?: boolean;
}

/** The first byte that a request asks for. */
export function firstByte(request: IncomingMessage): number | undefined {
  const [, first] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
  return first === undefined ? undefined : Number(first);
}

/** Answers as a file server does. */
export function serveBytes(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  options: ServeOptions = {},
): void {
  const first = options.ranges === false ? undefined : firstByte(request);
  const body = bytes.subarray(first ?? 0);
  response.writeHead(first === undefined ? 200 : 206, {
    ...(options.chunked !== true && { "content-length": body.length }),
    ...(first !== undefined && { "content-range": `bytes ${first}-${bytes.length - 1}/${bytes.length}` }),
    ...options.headers,
  });
  const part = Math.min(options.cutAfter ?? body.length, options.stallAfter ?? body.length);
  if (part === body.length) {
    response.end(body);
    return;
  }
  response.flushHeaders();
  if (part > 0) response.write(body.subarray(0, part));
  if (options.cutAfter !== undefined && options.cutAfter <= part) response.socket?.end();
}

/** A server for these bytes alone, whatever the path. */
export function startFileServer(bytes: Uint8Array, options: ServeOptions = {}): Promise<TestServer> {
  return startServer((request, response) => serveBytes(request, response, bytes, options));
}
