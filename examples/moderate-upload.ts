// An upload service with node:http alone: POST a video, get a verdict.
//
//   node examples/moderate-upload.ts detector 8080
//   curl --data-binary @clip.mp4 http://127.0.0.1:8080/scan
//
// It streams the body into a file with a size limit, takes a bounded number of uploads at once, stops a scan when the
// client goes away, and shuts down on SIGTERM after the scans that run. What a verdict leads to is yours to decide.
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type ErrorCategory, isCodedError, loadDetector } from "unreel";

const [, , dir = "detector", port = "8080"] = process.argv;
const maxUploads = 8;
const maxBytes = 250 * 2 ** 20;
const timeoutMs = 60_000;
const limits = { maxBytes, maxPixels: 3840 * 2160, maxFrames: 36_000 };

/** The status for a failed scan: the client's fault, or ours. */
const statusOf: Partial<Record<ErrorCategory, number>> = { input: 422, media: 422, abort: 504 };

class TooLarge extends Error {}

/** Writes the body to `file`; never more than the limit. */
async function receive(request: IncomingMessage, file: string, signal: AbortSignal): Promise<void> {
  let bytes = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new TooLarge(`the body is larger than ${maxBytes} bytes`);
      yield chunk;
    }
  };
  await pipeline(request, counted, createWriteStream(file), { signal });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}

const detector = await loadDetector(dir);
let uploads = 0;

async function moderate(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(timeoutMs)]);
  const folder = await mkdtemp(join(tmpdir(), "upload-"));
  try {
    const file = join(folder, "video");
    await receive(request, file, signal);
    const { verdict, reason, score, threshold, segments, model } = await detector.scan(file, { limits, signal });
    answer(response, 200, { verdict, reason, score, threshold, segments, model });
  } catch (error) {
    if (error instanceof TooLarge) answer(response, 413, { error: error.message });
    else if (isCodedError(error)) answer(response, statusOf[error.category] ?? 500, { error: error.code });
    else answer(response, signal.aborted ? 408 : 500, { error: "the upload failed" });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const server = createServer((request, response) => {
  if (request.url === "/health") return answer(response, 200, { detector: detector.id, uploads });
  if (request.method !== "POST" || request.url !== "/scan") return answer(response, 404, { error: "POST /scan" });
  if (uploads >= maxUploads) {
    response.setHeader("retry-after", "5");
    return answer(response, 503, { error: "busy" });
  }
  uploads++;
  moderate(request, response)
    .catch((error: unknown) => console.error(error))
    .finally(() => uploads--);
});
server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on http://127.0.0.1:${typeof address === "object" ? address?.port : port}`);
});

process.once("SIGTERM", () => {
  server.close(() => detector.close());
  server.closeIdleConnections();
});
