import type { ReadableStreamDefaultReader } from "node:stream/web";
import { setTimeout } from "node:timers/promises";
import { isCodedError, UnreelError } from "../errors.js";
import type { HttpSettings } from "./http-options.js";
import type { Producer, Step } from "./producer.js";
import { rootCause, wordsOf } from "./root-cause.js";
import { parseContentRange, redirectTarget, shownUrl } from "./web-address.js";

/** Bytes that are rather read and kept than skipped by a new request. */
const shortGap = 1 << 20;

/** The wait before the first retry; each further one is twice as long. */
const firstWaitMs = 100;
/** As long as a server's Retry-After is heeded. */
const longestWaitMs = 5_000;

const redirects = new Set([301, 302, 303, 307, 308]);
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Worth another request. */
class PassingFailure extends Error {
  readonly error: UnreelError;
  readonly waitMs: number;

  constructor(error: UnreelError, waitMs = 0) {
    super(error.message);
    this.error = error;
    this.waitMs = waitMs;
  }
}

/** An answer whose bytes are being read. */
interface Body {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  /** The offset of the next byte. */
  position: number;
  /** The offset after the last byte, where the server says it. */
  readonly end: number | undefined;
}

/** What must stay the same from one answer to the next. */
interface Identity {
  readonly etag: string | null;
  readonly modified: string | null;
  readonly size: number | undefined;
}

/**
 * Brings the bytes of a file on a server: any part of it where the server has ranges, else from the beginning to the
 * end. Connections are made when bytes are wanted, and never for writing.
 */
export class HttpProducer implements Producer {
  readonly name: string;
  readonly #settings: HttpSettings;
  readonly #stop = new AbortController();
  readonly #origin: string;
  /** Where the first answer came from: later requests need not follow its redirects again. */
  #url: URL;
  #identity: Identity | undefined;
  #ranges = false;
  #body: Body | undefined;
  /** Set when the number of bytes is known and was not told yet. */
  #size: number | undefined;

  constructor(url: URL, settings: HttpSettings) {
    this.name = shownUrl(url);
    this.#settings = settings;
    this.#origin = url.origin;
    this.#url = url;
  }

  async next(wanted: number): Promise<Step> {
    for (let failures = 0; ; failures++) {
      try {
        const step = await this.#attempt(wanted);
        if (step !== undefined) return step;
        throw new PassingFailure(this.#broken("it ended early"));
      } catch (error) {
        if (isCodedError(error)) throw error;
        const failure = error instanceof PassingFailure ? error : this.#failed(error);
        const again = this.#ranges || this.#identity === undefined;
        if (!again || failures >= this.#settings.retries) throw failure.error;
        this.#drop();
        await setTimeout(Math.max(firstWaitMs * 2 ** failures, failure.waitMs), undefined, {
          signal: this.#stop.signal,
        });
      }
    }
  }

  /** Undefined where an answer ended before its end. */
  async #attempt(wanted: number): Promise<Step | undefined> {
    const body = this.#serves(wanted) ?? (await this.#request(wanted));
    if (this.#size !== undefined) {
      const size = this.#size;
      this.#size = undefined;
      return { size };
    }
    const { done, value } = await body.reader.read();
    if (!done) {
      const at = body.position;
      body.position += value.length;
      return { at, bytes: value };
    }
    this.#body = undefined;
    const whole = body.end === undefined || body.position >= body.end;
    if (!whole) return undefined;
    if (this.#identity?.size === undefined) return { size: body.position };
    // Servers may answer with less than was asked for; the rest is the next answer's.
    return this.#attempt(wanted);
  }

  /** The running answer, where it will bring the wanted byte soon, or no other can. */
  #serves(wanted: number): Body | undefined {
    const body = this.#body;
    if (body === undefined || !this.#ranges) return body;
    const soon = body.position <= wanted && wanted - body.position <= shortGap;
    const ended = body.end !== undefined && body.position >= body.end;
    return soon && !ended ? body : undefined;
  }

  async #request(offset: number): Promise<Body> {
    this.#drop();
    const response = await this.#follow(offset);
    try {
      this.#body = this.#accept(response, offset);
      return this.#body;
    } catch (error) {
      response.body?.cancel().catch(() => undefined);
      throw error;
    }
  }

  async #follow(offset: number): Promise<Response> {
    let url = this.#url;
    for (let followed = 0; ; followed++) {
      const response = await fetch(withoutCredentials(url), {
        headers: this.#headers(url, offset),
        redirect: "manual",
        signal: this.#stop.signal,
      });
      if (!redirects.has(response.status)) {
        this.#url = url;
        return response;
      }
      response.body?.cancel().catch(() => undefined);
      if (followed >= this.#settings.maxRedirects) {
        throw new UnreelError(
          "ERR_UNREEL_REDIRECT_REFUSED",
          `${this.name} redirects more than ${this.#settings.maxRedirects} times in a row (http.maxRedirects).`,
          { url: this.name, maximum: this.#settings.maxRedirects },
        );
      }
      url = redirectTarget(url, response.headers.get("location"), this.#settings.allowDowngrade);
    }
  }

  #headers(url: URL, offset: number): Headers {
    // What the caller meant for one origin is not for another.
    const headers = new Headers(url.origin === this.#origin ? this.#settings.headers : undefined);
    if (url.username !== "" || url.password !== "") headers.set("authorization", basicAuthorization(url));
    // With a range, fetch() itself asks for bytes that are not compressed.
    headers.set("range", `bytes=${offset}-`);
    // A weak ETag is not allowed there; it is compared when the answer comes.
    const { etag = null, modified = null } = this.#identity ?? {};
    const validator = etag?.startsWith("W/") === false ? etag : modified;
    if (validator !== null) headers.set("if-range", validator);
    return headers;
  }

  #accept(response: Response, offset: number): Body {
    const { status, headers } = response;
    const encoded = !/^(identity)?$/i.test(headers.get("content-encoding") ?? "");
    if (status === 416) return this.#refuseRange(headers.get("content-range"));
    if (status === 412) throw this.#changed();
    if (status === 206) return this.#acceptPart(response, offset, encoded);
    if (status !== 200) throw this.#refusal(status, headers.get("retry-after"));
    // The whole file, although a part was asked for.
    const length = encoded ? null : headers.get("content-length");
    const size = length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
    this.#recognise(headers, size);
    if (this.#ranges) throw this.#broken("it answered a request for a part with the whole file");
    return { reader: readerOf(response), position: 0, end: size };
  }

  #acceptPart(response: Response, offset: number, encoded: boolean): Body {
    const range = parseContentRange(response.headers.get("content-range"));
    if (range === undefined || range.first !== offset || encoded) {
      throw this.#broken(
        `it was asked for bytes from ${offset} on and answered with other ones ` +
          `(Content-Range: ${(response.headers.get("content-range") ?? "none").slice(0, 80)})`,
      );
    }
    this.#recognise(response.headers, range.size);
    this.#ranges = true;
    return { reader: readerOf(response), position: range.first, end: range.last + 1 };
  }

  /** Compares an answer with the first one. */
  #recognise(headers: Headers, size: number | undefined): void {
    const now = { etag: headers.get("etag"), modified: headers.get("last-modified"), size };
    const first = this.#identity;
    if (first === undefined) {
      this.#identity = now;
      this.#size = size;
      return;
    }
    const differs = (a: unknown, b: unknown) =>
      a !== null && b !== null && a !== undefined && b !== undefined && a !== b;
    if (differs(first.etag, now.etag) || differs(first.modified, now.modified) || differs(first.size, now.size)) {
      throw this.#changed();
    }
  }

  #refuseRange(range: string | null): never {
    // Of no bytes there is no first one.
    if (this.#identity === undefined && /^bytes \*\/0$/i.test(range ?? "")) {
      throw new UnreelError("ERR_UNREEL_EMPTY_FILE", `There are no bytes in ${this.name}.`, { path: this.name });
    }
    throw this.#identity === undefined ? this.#status(416) : this.#changed();
  }

  #refusal(status: number, retryAfter: string | null): Error {
    if (!passing.has(status)) return this.#status(status);
    const waitMs = /^\d{1,9}$/.test(retryAfter ?? "") ? Math.min(Number(retryAfter) * 1000, longestWaitMs) : 0;
    return new PassingFailure(this.#status(status), waitMs);
  }

  #status(status: number): UnreelError {
    return new UnreelError("ERR_UNREEL_HTTP_STATUS", `${this.name} cannot be fetched: the server answers ${status}.`, {
      url: this.name,
      status,
    });
  }

  #changed(): UnreelError {
    return new UnreelError(
      "ERR_UNREEL_SOURCE_CHANGED",
      `${this.name} changed on its server while it was read; read it again.`,
      { url: this.name },
    );
  }

  #broken(why: string, cause?: unknown): UnreelError {
    return new UnreelError("ERR_UNREEL_NETWORK", `${this.name} cannot be fetched: ${why}.`, { url: this.name }, cause);
  }

  #failed(error: unknown): PassingFailure {
    return new PassingFailure(this.#broken(wordsOf(rootCause(error)), error));
  }

  #drop(): void {
    this.#body?.reader.cancel().catch(() => undefined);
    this.#body = undefined;
  }

  close(): void {
    this.#stop.abort();
    this.#drop();
  }
}

function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  const body = response.body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
  return body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
}

/** fetch() takes no URL with a user in it. */
function withoutCredentials(url: URL): URL {
  const plain = new URL(url);
  plain.username = "";
  plain.password = "";
  plain.hash = "";
  return plain;
}

function basicAuthorization({ username, password }: URL): string {
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(text).toString("base64")}`;
}
