import type { Command } from "commander";
import { type DownloadProgress, type PullOptions, pullModel } from "../../models/index.js";
import { interruptible } from "../interrupt.js";
import { positiveNumber, wholeNumber } from "../options.js";
import { say, write } from "../output.js";
import { Progress } from "../progress.js";

interface PullCommandOptions {
  readonly sha256?: string;
  readonly out?: string;
  readonly offline?: boolean;
  readonly retries?: number;
  /** Seconds. */
  readonly timeout?: number;
}

/** `unreel models pull`: a model file from the hub, proven before it gets its name. */
export function addPullCommand(models: Command): void {
  models
    .command("pull")
    .description("fetch a model file once, resume what broke off, and prove its bytes before it gets its name")
    .argument("<model>", "a registered name (unreel models list), or hf:OWNER/REPOSITORY/FILE@REVISION")
    .option("--sha256 <hex>", "what the file must be; needed where the revision is no commit")
    .option("--out <file>", "write it there instead of into the folder of models")
    .option("--offline", "ask nothing of the network (also HF_HUB_OFFLINE=1)")
    .option(
      "--retries <n>",
      "how often a request is made again without any byte having come (default 5)",
      wholeNumber(0),
    )
    .option("--timeout <seconds>", "how long a server may bring nothing (default 30)", positiveNumber)
    .addHelpText("after", environment)
    .action((model: string, options: PullCommandOptions) => interruptible((signal) => pull(model, options, signal)));
}

const environment = `
Environment: UNREEL_MODELS (the folder of models), UNREEL_REGISTRY (your own registry), HF_ENDPOINT (a mirror),
HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HTTPS_PROXY, HTTP_PROXY, NO_PROXY.`;

function pullOptions({ sha256, out, offline, retries, timeout }: PullCommandOptions): PullOptions {
  return {
    ...(sha256 !== undefined && { sha256 }),
    ...(out !== undefined && { out }),
    ...(offline === true && { offline }),
    ...(retries !== undefined && { retries }),
    ...(timeout !== undefined && { idleTimeoutMs: Math.ceil(timeout * 1000) }),
  };
}

const mebibyte = 2 ** 20;

/** Of an `hf:` address the file's name: the whole one would leave no room for the bar. */
function shortName(model: string): string {
  return (
    model
      .replace(/@[^@]*$/, "")
      .split("/")
      .at(-1) ?? model
  );
}

/** A bar on a terminal, for what this call fetches: bytes of an earlier one would make it look too fast. */
class PullProgress {
  readonly #model: string;
  #bar: Progress | undefined;
  #began = 0;

  constructor(model: string) {
    this.#model = shortName(model);
  }

  update({ doneBytes, totalBytes }: DownloadProgress): void {
    if (process.stderr.isTTY !== true || totalBytes === undefined) return;
    if (this.#bar === undefined || doneBytes < this.#began) this.#begin(doneBytes, totalBytes);
    this.#bar?.update(Math.floor((doneBytes - this.#began) / mebibyte));
  }

  /** A fraction of a MiB stands for nothing: the first piece of a download. */
  #begin(doneBytes: number, totalBytes: number): void {
    this.#began = doneBytes < mebibyte ? 0 : doneBytes;
    const from = this.#began === 0 ? "" : ` (resumed at ${Math.floor(this.#began / mebibyte)} MiB)`;
    const missing = Math.ceil((totalBytes - this.#began) / mebibyte);
    this.#bar = new Progress(`models pull ${this.#model}${from}`, missing, "MiB");
  }

  end(): void {
    this.#bar?.end();
  }
}

async function pull(model: string, options: PullCommandOptions, signal: AbortSignal): Promise<void> {
  const progress = new PullProgress(model);
  try {
    const pulled = await pullModel(model, {
      ...pullOptions(options),
      signal,
      onWait: ({ pid, host }) => say(`Process ${pid} on ${host} is fetching it; waiting for that one.`),
      onRetry: ({ error, waitMs }) => say(`${error.message} Trying again in ${(waitMs / 1000).toFixed(1)} s.`),
      onProgress: (state) => progress.update(state),
    });
    progress.end();
    say(`Licence: ${pulled.licence ?? "not stated; look at the model's page"}`);
    await write(`${JSON.stringify(pulled)}\n`);
  } catch (error) {
    progress.end();
    throw error;
  }
}
