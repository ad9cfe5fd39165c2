// An upload service with node:http alone: POST a video, get a verdict.
//
//   node examples/moderate-upload.ts detector 8080
//   curl --data-binary @clip.mp4 http://127.0.0.1:8080/scan
//
// The body is scanned as it arrives, with limits on bytes and time. A bounded number of uploads run at once, a scan stops
// when the client goes away, and SIGTERM lets those that run end. What a verdict leads to is yours to decide.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type ErrorCategory, isCodedError, loadDetector } from "unreel";

const [, , dir = "detector", port = "8080"] = process.argv;
const maxUploads = 8;
const timeoutMs = 60_000;
const limits = { maxBytes: 250 * 2 ** 20, maxPixels: 3840 * 2160, maxFrames: 36_000, idleTimeoutMs: 10_000 };

/** The status for a failed scan: the client's fault, or ours. */
const statusOf: Partial<Record<ErrorCategory, number>> = { input: 422, media: 422, abort: 504 };

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
  try {
    // The request is read to its end or given up, and its socket stays for the answer.
    const body = request.iterator({ destroyOnReturn: false });
    const { verdict, reason, score, threshold, segments, model } = await detector.scan(body, { limits, signal });
    answer(response, 200, { verdict, reason, score, threshold, segments, model });
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const isTooLarge = error.details.limit === "maxBytes";
    answer(response, isTooLarge ? 413 : (statusOf[error.category] ?? 500), { error: error.code });
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
