import { UnreelError } from "../errors.js";
import { isWebAddress } from "./video-source.js";

/**
 * A URL as messages may show it: without user and password, without the fragment, and without what stands in the query,
 * where access tokens are.
 */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === "" ? "" : "?…"}`;
}

/**
 * A path as it stands, and a URL of the web without user, password, query and fragment: what may be kept on disk, and
 * stays the same when an access token is renewed.
 */
export function withoutSecrets(path: string): string {
  if (!isWebAddress(path) || !URL.canParse(path)) return path;
  const { origin, pathname } = new URL(path);
  return `${origin}${pathname}`;
}

/**
 * Where a redirect leads.
 *
 * @throws UnreelError `ERR_UNREEL_REDIRECT_REFUSED` for what is neither http nor https, and for http where it came from
 * https and `allowDowngrade` is not set
 */
export function redirectTarget(from: URL, location: string | null, allowDowngrade: boolean): URL {
  const refuse = (why: string) =>
    new UnreelError("ERR_UNREEL_REDIRECT_REFUSED", `${shownUrl(from)} redirects ${why}.`, { url: shownUrl(from) });
  if (location === null) throw refuse("and does not say where to");
  if (!URL.canParse(location, from.href)) throw refuse("to something that is no URL");
  const target = new URL(location, from);
  if (target.protocol !== "http:" && target.protocol !== "https:") {
    throw refuse(`to a ${target.protocol} URL; only http: and https: are followed`);
  }
  if (from.protocol === "https:" && target.protocol === "http:" && !allowDowngrade) {
    throw refuse("from https to http, which anyone on the way can read; for videos http.allowDowngrade allows it");
  }
  return target;
}

/** First byte and, where it is said, the number of bytes altogether: of `Content-Range: bytes 10-99/100`. */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly size: number | undefined;
}

/** Undefined for a header that is missing or says anything else. */
export function parseContentRange(header: string | null): ContentRange | undefined {
  const [, first, last, size] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined || Number(last) < Number(first)) return undefined;
  if (size !== "*" && Number(size) <= Number(last)) return undefined;
  return { first: Number(first), last: Number(last), size: size === "*" ? undefined : Number(size) };
}
