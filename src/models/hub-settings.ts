// The environment variables that people know from the hub's own tools.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { UnreelTypeError } from "../errors.js";

/** Where the hub is and who asks it. */
export interface HubSettings {
  /** Without a slash at the end; `HF_ENDPOINT` names a mirror. */
  readonly endpoint: string;
  /** Sent to the endpoint's own origin alone. */
  readonly token: string | undefined;
}

/** Whether `HF_HUB_OFFLINE` says that nothing may be asked of the network. */
export function isOffline(): boolean {
  return /^(1|on|yes|true)$/i.test(process.env.HF_HUB_OFFLINE?.trim() ?? "");
}

/** `HF_TOKEN`, else the file that `huggingface-cli login` writes (`HF_TOKEN_PATH`, else `HF_HOME/token`). */
async function token(): Promise<string | undefined> {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = process.env;
  const named = HF_TOKEN?.trim() || HUGGING_FACE_HUB_TOKEN?.trim();
  if (named) return checkedToken(named, "HF_TOKEN");
  const home = HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
  const path = HF_TOKEN_PATH || join(home, "token");
  const text = await readFile(path, "utf8").catch(() => "");
  return text.trim() === "" ? undefined : checkedToken(text.trim(), path);
}

/** A header cannot carry what is not printable ASCII. The token itself is never shown. */
function checkedToken(value: string, origin: string): string {
  if (!/^[\x21-\x7e]+$/.test(value))
    throw new UnreelTypeError(`the token in ${origin} holds more than letters and signs`);
  return value;
}

function endpoint(fallback: string): string {
  const named = process.env.HF_ENDPOINT?.trim();
  if (!named) return fallback;
  const url = URL.canParse(named) ? new URL(named) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UnreelTypeError("HF_ENDPOINT must be the http: or https: URL of a mirror of the hub");
  }
  if (url.username !== "" || url.password !== "") {
    throw new UnreelTypeError("HF_ENDPOINT must hold no user and password; put an access token into HF_TOKEN");
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/**
 * What the environment says of the hub; `fallback` is the hub's own address.
 *
 * @throws UnreelTypeError where a variable holds what cannot be used
 */
export async function hubSettings(fallback: string): Promise<HubSettings> {
  return { endpoint: endpoint(fallback), token: await token() };
}
