import type { Response as HubResponse } from "undici";
import { isCodedError, UnreelError } from "../errors.js";
import { rootCause, wordsOf } from "../sources/root-cause.js";
import { redirectTarget, shownUrl } from "../sources/web-address.js";
import type { Pin } from "./checksum.js";
import { refusal } from "./hub-refusal.js";
import { type HubSettings, hubSettings } from "./hub-settings.js";
import { type HubSource, repositoryName } from "./hub-source.js";
import { Proxies, type Undici } from "./proxies.js";
import { PassingFailure, type RetryOptions, withRetries } from "./retry.js";

/** How the hub is talked to. */
export interface HubClientOptions extends RetryOptions {
  readonly idleTimeoutMs: number;
}

/** What the hub itself says of a file, on the way to the server that has the bytes. */
export interface LinkedFacts {
  /** The SHA-256 or git hash, in quotes. */
  readonly etag: string | null;
  readonly size: string | null;
}

/** An answer that brings the bytes asked for. */
export interface HubAnswer {
  readonly response: HubResponse;
  readonly linked: LinkedFacts;
}

interface Request {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Called at each redirect, before it is followed; may throw. */
  readonly onRedirect?: (linked: LinkedFacts) => void;
}

const redirects = new Set([301, 302, 303, 307, 308]);
const maximumRedirects = 8;
/** Documents of the hub's interface are small; what is larger is none. */
const maximumDocument = 4 << 20;

/** Why a fetch failed, in words. */
function reasonOf(error: unknown): string {
  const root = rootCause(error);
  const code = root instanceof Error && "code" in root ? String(root.code) : "";
  const silent = /^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$/.test(code);
  return silent ? "nothing came for as long as idleTimeoutMs allows" : wordsOf(root);
}

/** A failed connection, as a failure that may pass. */
export function brokenConnection(url: URL, why: string, cause?: unknown, progressed = false): PassingFailure {
  const message = `${shownUrl(url)} cannot be fetched: ${why}.`;
  return new PassingFailure(new UnreelError("ERR_UNREEL_NETWORK", message, { url: shownUrl(url) }, cause), {
    progressed,
  });
}

/** What fetch() threw, as a failure that may pass; what is no failure of the network stays as it is. */
export function asBroken(url: URL, error: unknown, progressed = false): unknown {
  const ours = error instanceof PassingFailure || isCodedError(error);
  // fetch() throws TypeErrors, and nothing else, where the network failed.
  return ours || !(error instanceof TypeError) ? error : brokenConnection(url, reasonOf(error), error, progressed);
}

function linkedFacts({ headers }: HubResponse): LinkedFacts {
  return {
    etag: headers.get("x-linked-etag"),
    size: headers.get("x-linked-size"),
  };
}

/**
 * Asks the hub, or its mirror, about one file and for its bytes. Redirects are followed by hand: the access token goes to
 * the hub's own origin alone, and what the hub says of the file stands in the redirect's headers.
 */
export class HubClient {
  readonly #fetch: Undici["fetch"];
  readonly #source: HubSource;
  readonly #settings: HubSettings;
  readonly #options: HubClientOptions;
  readonly #proxies: Proxies;
  readonly #origin: string;

  private constructor(undici: Undici, source: HubSource, settings: HubSettings, options: HubClientOptions) {
    this.#fetch = undici.fetch;
    this.#source = source;
    this.#settings = settings;
    this.#options = options;
    this.#proxies = new Proxies(undici, options.idleTimeoutMs);
    this.#origin = new URL(settings.endpoint).origin;
  }

  /** The libraries that talk to the hub are loaded when somebody talks to it: they take a fifth of a second. */
  static async open(source: HubSource, options: HubClientOptions): Promise<HubClient> {
    const [undici, { HUB_URL }] = await Promise.all([import("undici"), import("@huggingface/hub")]);
    return new HubClient(undici, source, await hubSettings(HUB_URL), options);
  }

  /** Where the file's bytes are asked for. */
  get url(): URL {
    const { revision, file } = this.#source;
    const path = file.split("/").map(encodeURIComponent).join("/");
    return new URL(
      `${this.#settings.endpoint}/${repositoryName(this.#source)}/resolve/${encodeURIComponent(revision)}/${path}`,
    );
  }

  /**
   * One request for the file's bytes from `first` on, without retries.
   *
   * @throws UnreelError, or PassingFailure where it may succeed later
   */
  bytes(first: number, ifRange: string | undefined, onRedirect: (linked: LinkedFacts) => void): Promise<HubAnswer> {
    const headers = {
      ...(first > 0 && { range: `bytes=${first}-` }),
      ...(first > 0 && ifRange !== undefined && { "if-range": ifRange }),
    };
    return this.#follow(this.url, { headers, onRedirect });
  }

  /**
   * What the hub promises of the file's bytes.
   *
   * @throws UnreelError; `ERR_UNREEL_HTTP_STATUS` 404 where there is no such file
   */
  async promised(): Promise<Pin> {
    const { pathsInfo } = await import("@huggingface/hub");
    const { file, revision } = this.#source;
    const asked = pathsInfo({ ...this.#asked(this.#options.retries), paths: [file], revision });
    const found = await asked.catch((error: unknown) => {
      throw isCodedError(error)
        ? error
        : brokenConnection(this.url, `the hub's interface answers what cannot be understood: ${String(error)}`, error)
            .error;
    });
    const info = found.find(({ path, type }) => path === file && type === "file");
    const absent = { status: 404, headers: new Headers({ "x-error-code": "EntryNotFound" }) };
    if (info === undefined) throw this.#refusal(this.url, absent);
    if (info.lfs !== undefined) return { bytes: info.lfs.size, sha256: info.lfs.oid.replace(/^sha256:/, "") };
    return { bytes: info.size, ...(info.oid !== undefined && { gitOid: info.oid }) };
  }

  /** The licence that the model's page names; undefined where it names none or cannot be asked. */
  async licence(): Promise<string | undefined> {
    const { modelInfo } = await import("@huggingface/hub");
    const { revision } = this.#source;
    try {
      const about = { ...this.#asked(0), name: repositoryName(this.#source), revision };
      const { tags, cardData } = await modelInfo({ ...about, additionalFields: ["tags", "cardData"] });
      const card = cardData as { license?: unknown; license_name?: unknown } | undefined;
      const tag = tags?.find((each) => each.startsWith("license:"))?.slice("license:".length);
      const named = [card?.license_name, card?.license, tag].find((each) => typeof each === "string" && each !== "");
      return named as string | undefined;
    } catch (error) {
      if (error instanceof UnreelError && error.code === "ERR_UNREEL_ABORTED") throw error;
      return undefined;
    }
  }

  /** What calls into the hub's own library need, so that they go the same way as our own requests. */
  #asked(retries: number) {
    return {
      repo: { type: "model" as const, name: repositoryName(this.#source) },
      hubUrl: this.#settings.endpoint,
      fetch: ((input: string | URL, init: Request = {}) =>
        this.#document(new URL(input), init, retries)) as typeof globalThis.fetch,
    };
  }

  async #document(url: URL, request: Request, retries: number): Promise<Response> {
    const text = await withRetries(() => this.#readDocument(url, request), { ...this.#options, retries });
    return new Response(text, { headers: { "content-type": "application/json" } });
  }

  async #readDocument(url: URL, request: Request): Promise<string> {
    const { response } = await this.#follow(url, request);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const part of response.body ?? []) {
        bytes += (part as Uint8Array).length;
        if (bytes > maximumDocument) throw brokenConnection(url, "it brings far more than was asked for");
        parts.push(part as Uint8Array);
      }
    } catch (error) {
      throw asBroken(url, error);
    }
    const text = Buffer.concat(parts).toString("utf8");
    try {
      JSON.parse(text);
    } catch (error) {
      throw brokenConnection(
        url,
        "it answers with something that is no JSON; is HF_ENDPOINT the hub or a mirror of it?",
        error,
      ).error;
    }
    return text;
  }

  async #follow(start: URL, request: Request): Promise<HubAnswer> {
    let url = start;
    let linked: LinkedFacts = { etag: null, size: null };
    for (let followed = 0; followed <= maximumRedirects; followed++) {
      const response = await this.#send(url, request);
      if (!redirects.has(response.status)) {
        if (response.status === 416) return { response, linked };
        if (response.status !== 200 && response.status !== 206) {
          discard(response);
          throw this.#refusal(url, response);
        }
        return { response, linked: linked.etag === null ? linkedFacts(response) : linked };
      }
      discard(response);
      if (linked.etag === null) linked = linkedFacts(response);
      request.onRedirect?.(linked);
      url = redirectTarget(url, response.headers.get("location"), this.#origin.startsWith("http:"));
    }
    const message = `${shownUrl(start)} redirects more than ${maximumRedirects} times in a row.`;
    throw new UnreelError("ERR_UNREEL_REDIRECT_REFUSED", message, { url: shownUrl(start), maximum: maximumRedirects });
  }

  async #send(url: URL, { method = "GET", headers, body }: Request): Promise<HubResponse> {
    const { token } = this.#settings;
    try {
      return await this.#fetch(url, {
        method,
        headers: {
          ...headers,
          "accept-encoding": "identity",
          "user-agent": "unreel",
          ...(this.#sendsToken(url) && { authorization: `Bearer ${token}` }),
        },
        redirect: "manual",
        dispatcher: this.#proxies.for(url),
        signal: this.#options.signal ?? null,
        ...(body !== undefined && { body }),
      });
    } catch (error) {
      throw asBroken(url, error);
    }
  }

  #sendsToken(url: URL): boolean {
    return this.#settings.token !== undefined && url.origin === this.#origin;
  }

  #refusal(url: URL, { status, headers }: { status: number; headers: { get(name: string): string | null } }): Error {
    const { revision, file } = this.#source;
    const repository = repositoryName(this.#source);
    const atHub = url.origin === this.#origin;
    return refusal({ url, atHub, repository, revision, file, status, headers, withToken: this.#sendsToken(url) });
  }

  /** Ends every connection. */
  close(): void {
    this.#proxies.close();
  }
}

/** Lets go of an answer whose body is not wanted. */
export function discard(response: HubResponse): void {
  response.body?.cancel().catch(() => undefined);
}
