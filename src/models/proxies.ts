import { getProxyForUrl } from "proxy-from-env";
import type { Dispatcher, ProxyAgent } from "undici";
import { UnreelTypeError } from "../errors.js";

/** What is used of undici. */
export type Undici = Pick<typeof import("undici"), "Agent" | "ProxyAgent" | "fetch">;

/**
 * Connections to servers, each through the proxy that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name for
 * it, kept open until `close`.
 */
export class Proxies {
  readonly #undici: Undici;
  readonly #idleTimeoutMs: number;
  readonly #dispatchers = new Map<string, Dispatcher>();

  /** `idleTimeoutMs`: how long a server may take to connect, to answer, and for the next bytes. */
  constructor(undici: Undici, idleTimeoutMs: number) {
    this.#undici = undici;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** What connects to `url`. @throws UnreelTypeError where the proxy's address is none */
  for(url: URL): Dispatcher {
    const proxy = getProxyForUrl(url.href);
    // What is fetched without TLS needs no tunnel, and many proxies refuse one to other ports than 443.
    const tunnel = url.protocol === "https:";
    const key = proxy === "" ? "" : `${tunnel} ${proxy}`;
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return known;
    const dispatcher = proxy === "" ? new this.#undici.Agent(this.#timeouts()) : this.#proxyAgent(proxy, tunnel);
    this.#dispatchers.set(key, dispatcher);
    return dispatcher;
  }

  #proxyAgent(proxy: string, tunnel: boolean): ProxyAgent {
    // The address may hold a password, so it is not shown.
    if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol)) {
      throw new UnreelTypeError(
        "the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names must be an http: or https: URL",
      );
    }
    return new this.#undici.ProxyAgent({ ...this.#timeouts(), uri: proxy, proxyTunnel: tunnel });
  }

  #timeouts() {
    const timeout = this.#idleTimeoutMs;
    return { connect: { timeout }, headersTimeout: timeout, bodyTimeout: timeout };
  }

  /** Ends every connection. */
  close(): void {
    for (const dispatcher of this.#dispatchers.values()) dispatcher.destroy().catch(() => undefined);
    this.#dispatchers.clear();
  }
}
