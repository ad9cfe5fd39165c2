import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { errorCodes } from "../error-codes.js";
import { type ErrorDetails, isCodedError, UnreelError } from "../errors.js";
import type { NativeBinding, NativeToken } from "./binding.js";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

let loaded: NativeBinding | undefined;
let runtime: { path: string; version: string } | undefined;

/** The package's root: the folder that holds package.json, from dist/ as from src/native/. */
export function packageRoot(): string {
  let folder = here;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

/** Where the addon is looked for, in order: `UNREEL_BINDING`, the platform package, the build in this tree. */
export function bindingCandidates(): string[] {
  const named = process.env.UNREEL_BINDING;
  return [...(named ? [resolve(named)] : []), join(packageRoot(), "build/release/unreel.node")];
}

/**
 * The addon, loaded on first use.
 *
 * @throws UnreelError `ERR_UNREEL_BINARY_NOT_FOUND` with what was tried and the command that mends it
 */
export function nativeBinding(): NativeBinding {
  if (loaded !== undefined) return loaded;
  const failures: string[] = [];
  for (const path of bindingCandidates()) {
    if (!existsSync(path)) {
      failures.push(`${path}: no such file`);
      continue;
    }
    try {
      loaded = require(path) as NativeBinding;
      return loaded;
    } catch (error) {
      failures.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new UnreelError(
    "ERR_UNREEL_BINARY_NOT_FOUND",
    `The native addon cannot be loaded on ${process.platform}-${process.arch}:\n${failures.map((line) => `  ${line}`).join("\n")}\n` +
      `In a checkout run \`npm run setup\`; it builds the addon.`,
    { tried: bindingCandidates() },
  );
}

/**
 * The path of libonnxruntime: `UNREEL_ONNXRUNTIME` (a file or a folder), else the one that the npm package
 * `onnxruntime-node` carries.
 */
export function onnxRuntimePath(): string {
  const named = process.env.UNREEL_ONNXRUNTIME;
  if (named) return resolve(named);
  let root: string;
  try {
    root = dirname(require.resolve("onnxruntime-node/package.json"));
  } catch {
    root = join(packageRoot(), "node_modules/onnxruntime-node");
  }
  return join(root, "bin/napi-v6", process.platform, process.arch, "libonnxruntime.so.1");
}

/** Loads ONNX Runtime once per process. */
export function onnxRuntime(): { path: string; version: string } {
  runtime ??= callNative(() => nativeBinding().loadOnnxRuntime(onnxRuntimePath()));
  return runtime;
}

/** Runs a call into the addon; a coded error of the addon comes out as an {@link UnreelError}. */
export function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw toUnreelError(error);
  }
}

/** A coded error of the addon as an {@link UnreelError}; anything else as it is. */
export function toUnreelError(error: unknown, cause?: unknown): unknown {
  if (!(error instanceof Error) || isCodedError(error) === false || error instanceof UnreelError) return error;
  const details = "details" in error ? (error.details as ErrorDetails) : {};
  const converted = new UnreelError(error.code, error.message, details, cause);
  return errorCodes[error.code] ? converted : error;
}

/** An AbortSignal tied to a native cancel token. `using` unties it. */
export interface Abort extends Disposable {
  readonly token: NativeToken;
  /**
   * Awaits a native call. When the signal fires, the call is cancelled and the promise rejects at once with
   * `ERR_UNREEL_ABORTED` (name `AbortError`), `cause` being the signal's reason.
   */
  run<T>(call: () => Promise<T>): Promise<T>;
}

/** See {@link Abort}. */
export function withSignal(signal: AbortSignal | undefined): Abort {
  const token = nativeBinding().createToken();
  const aborted = () => new UnreelError("ERR_UNREEL_ABORTED", "The operation was aborted.", {}, signal?.reason);
  let reject: ((error: UnreelError) => void) | undefined;
  const onAbort = () => {
    token.cancel();
    reject?.(aborted());
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    token,
    async run(call) {
      if (signal?.aborted) throw aborted();
      const interrupted = new Promise<never>((_, fail) => {
        reject = fail;
      });
      try {
        return await Promise.race([call(), interrupted]);
      } catch (error) {
        throw toUnreelError(error, signal?.aborted ? signal.reason : undefined);
      } finally {
        reject = undefined;
      }
    },
    [Symbol.dispose]() {
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

/** Awaits a native call without a signal. */
export async function awaitNative<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toUnreelError(error);
  }
}

/** Awaits a native call that takes a token; see {@link Abort.run}. */
export async function abortable<T>(
  signal: AbortSignal | undefined,
  call: (token: NativeToken) => Promise<T>,
): Promise<T> {
  using abort = withSignal(signal);
  return await abort.run(() => call(abort.token));
}
