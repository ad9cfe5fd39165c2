import { UnreelTypeError } from "../errors.js";
import { checkInteger, shown } from "../validate.js";

/**
 * How videos are fetched from `http:` and `https:` URLs.
 *
 * @example
 * ```ts
 * import { type HttpOptions, openVideo } from "unreel";
 *
 * const http: HttpOptions = { headers: { authorization: `Bearer ${process.env.TOKEN}` }, retries: 5 };
 * const open = (url: string) => openVideo(url, { http, limits: { idleTimeoutMs: 5_000 } });
 * console.log(typeof open);
 * ```
 */
export interface HttpOptions {
  /** Sent with each request, as long as redirects stay on the URL's own origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Redirects that are followed in a row. Default 5. */
  readonly maxRedirects?: number;
  /** How often a request is made again after a broken connection or an overloaded server, until bytes come. Default 2. */
  readonly retries?: number;
  /** Follows a redirect from https to http, too. Default false. */
  readonly allowDowngrade?: boolean;
}

/** {@link HttpOptions} with every default filled in. */
export interface HttpSettings {
  readonly headers: Headers;
  readonly maxRedirects: number;
  readonly retries: number;
  readonly allowDowngrade: boolean;
}

/** Defaults filled in, every field checked. */
export function resolveHttp(options: HttpOptions = {}): HttpSettings {
  return {
    headers: checkedHeaders(options.headers),
    maxRedirects: checkInteger(options.maxRedirects ?? 5, 0, "options.http.maxRedirects"),
    retries: checkInteger(options.retries ?? 2, 0, "options.http.retries"),
    allowDowngrade: options.allowDowngrade === true,
  };
}

function checkedHeaders(headers: HttpOptions["headers"] = {}): Headers {
  try {
    return new Headers(headers);
  } catch {
    throw new UnreelTypeError(`options.http.headers must hold names and texts that HTTP allows, not ${shown(headers)}`);
  }
}
