import { UnreelError } from "../errors.js";
import { shownUrl } from "../sources/web-address.js";
import { PassingFailure, retryAfterMs } from "./retry.js";

const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/** What a refused request was about. */
export interface Refused {
  readonly url: URL;
  /** Whether it went to the hub itself, not to the server that it sends on to. */
  readonly atHub: boolean;
  /** `OWNER/REPO` */
  readonly repository: string;
  readonly revision: string;
  readonly file: string;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** Whether a token was sent. */
  readonly withToken: boolean;
}

/** What to do about a 401: the hub also answers so for repositories that are not there. */
function unknownCaller({ repository, withToken }: Refused): string {
  return withToken
    ? `the hub does not accept the access token for ${repository}; set HF_TOKEN to a valid one that may read it, and check the name`
    : `the hub wants to know who asks for ${repository}: check the name; if it is right, the model is private or gated, so set HF_TOKEN to an access token`;
}

function forbidden({ repository, withToken, headers }: Refused): string {
  const gated = headers.get("x-error-code") === "GatedRepo";
  const who = withToken ? "the account of your access token" : "you, without an access token (HF_TOKEN),";
  return gated || !withToken
    ? `${who} may not read ${repository}: its terms must be accepted on its page first, by the account whose token HF_TOKEN holds`
    : `${who} may not read ${repository}; the token needs the right to read it`;
}

function absent({ repository, revision, file, headers }: Refused): string {
  switch (headers.get("x-error-code")) {
    case "RepoNotFound":
      return `there is no repository ${repository}, or it is private and HF_TOKEN is not set`;
    case "RevisionNotFound":
      return `${repository} has no revision ${revision}`;
    case "EntryNotFound":
      return `${repository} has no file ${file} at revision ${revision}`;
    default:
      return `check the name: ${repository}, file ${file}, revision ${revision}`;
  }
}

function overloaded(waitMs: number): string {
  return waitMs > 0
    ? `it asks for a pause of ${Math.ceil(waitMs / 1000)} s; an access token (HF_TOKEN) raises the limits`
    : "it is overloaded or broken; try again later";
}

function advice(refused: Refused, waitMs: number): string {
  if (!refused.atHub && !passing.has(refused.status))
    return "the hub sends on to it, and its leave may have run out; try again";
  if (refused.status === 401) return unknownCaller(refused);
  if (refused.status === 403) return forbidden(refused);
  if (refused.status === 404) return absent(refused);
  return passing.has(refused.status) ? overloaded(waitMs) : "that is no answer to this request";
}

/** The error for an answer that brings nothing: a {@link PassingFailure} where the same request may succeed later. */
export function refusal(refused: Refused): Error {
  const { url, status, headers } = refused;
  const waitMs = retryAfterMs(headers.get("retry-after"), Date.now());
  const reason = headers.get("x-error-code");
  const error = new UnreelError(
    "ERR_UNREEL_HTTP_STATUS",
    `${shownUrl(url)} answers ${status}: ${advice(refused, waitMs)}.`,
    {
      url: shownUrl(url),
      status,
      ...(reason !== null && /^\w{1,60}$/.test(reason) && { reason }),
      ...(waitMs > 0 && { retryAfterMs: waitMs }),
    },
  );
  // The hub signs the addresses that it sends on to for a while only; asked again, it signs anew.
  const mayPass = passing.has(status) || (status === 403 && !refused.atHub);
  return mayPass ? new PassingFailure(error, { waitMs }) : error;
}
