import { isCodedError } from "../errors.js";

/** What the exit codes of every command mean. */
export const exitCode = {
  ok: 0,
  /** Some inputs failed, or the work could not be done on the data. */
  failed: 1,
  usage: 2,
  /** `--fail-on` found what it looks for. */
  findings: 3,
  /** The addon, ONNX Runtime, a model or a device is missing. */
  environment: 4,
  /** Ctrl-C, after what was done was committed. */
  interrupted: 130,
} as const;

/** A model file is not on this machine. */
const missingModel: ReadonlySet<string> = new Set(["ERR_UNREEL_MODEL_NOT_FOUND", "ERR_UNREEL_OFFLINE"]);

/** The exit code that an error which ends a command stands for. */
export function exitCodeOf(error: unknown): number {
  if (!isCodedError(error)) return exitCode.failed;
  switch (error.category) {
    case "argument":
      return exitCode.usage;
    case "load":
    case "device":
      return exitCode.environment;
    case "abort":
      return exitCode.interrupted;
    case "model":
      return missingModel.has(error.code) ? exitCode.environment : exitCode.failed;
    default:
      return exitCode.failed;
  }
}
