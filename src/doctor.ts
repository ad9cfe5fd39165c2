import { existsSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { isCodedError } from "./errors.js";
import { countPulledModels, modelsFolder } from "./models/models-folder.js";
import { bindingCandidates, nativeBinding, onnxRuntime, onnxRuntimePath } from "./native/load.js";

/** One thing that unreel needs: where it is, or what is wrong and the command that mends it. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly version?: string;
  readonly path?: string;
  readonly problem?: string;
  readonly mend?: string;
}

/** What is here, what is missing, how to mend it. */
export interface Diagnosis {
  readonly ok: boolean;
  readonly unreel: string | undefined;
  readonly node: string;
  readonly nodeApi: string | undefined;
  readonly platform: string;
  readonly libc: string;
  readonly kernel: string;
  readonly cpu:
    | {
        readonly model: string;
        readonly cores: number;
        readonly vectors: readonly string[];
        /** Which vector target the kernels run on, of those that this CPU has, the best first. */
        readonly target: string;
        readonly targets: readonly string[];
      }
    | undefined;
  readonly findings: readonly Finding[];
}

/** glibc's version as Node's report states it; without the report's network part, which can be slow. */
function libcVersion(): string {
  const report = Object.assign(process.report, { excludeNetwork: true });
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime === undefined ? "not glibc" : `glibc ${header.glibcVersionRuntime}`;
}

function problemOf(error: unknown): string {
  return isCodedError(error) ? `${error.code}: ${error.message}` : String(error);
}

/**
 * Looks at everything that unreel needs on this machine. Never throws.
 *
 * @example
 * ```ts
 * import { diagnose } from "unreel";
 *
 * const diagnosis = diagnose();
 * for (const { name, ok, mend } of diagnosis.findings) if (!ok) console.log(name, mend);
 * ```
 */
export function diagnose(): Diagnosis {
  const findings: Finding[] = [];
  let versions: ReturnType<ReturnType<typeof nativeBinding>["versions"]> | undefined;
  const addon = bindingCandidates().find((path) => existsSync(path));
  try {
    versions = nativeBinding().versions();
    findings.push({ name: "addon", ok: true, version: versions.unreel, ...(addon !== undefined && { path: addon }) });
  } catch (error) {
    const named = isCodedError(error) && error.code === "ERR_UNREEL_INVALID_ARGUMENT";
    const mend = named ? "unset UNREEL_TARGET, or name a supported target" : "npm run setup";
    findings.push({ name: "addon", ok: false, problem: problemOf(error), mend });
  }
  if (versions !== undefined) {
    const path = addon ?? "";
    findings.push({ name: "ffmpeg", ok: true, version: `${versions.libav} (${versions.libavLicence}, static)`, path });
    findings.push({ name: "libsvm", ok: true, version: `${versions.libsvm} (static)`, path });
    findings.push(onnxRuntimeFinding());
  }
  findings.push(modelsFinding());
  return {
    ok: findings.every((finding) => finding.ok),
    unreel: versions?.unreel,
    node: process.versions.node,
    nodeApi: process.versions.napi,
    platform: `${process.platform}-${process.arch}`,
    libc: libcVersion(),
    kernel: release(),
    cpu: versions?.cpu === undefined ? undefined : { ...versions.cpu, cores: availableParallelism() },
    findings,
  };
}

/** The folder of pulled models; that none is there is no fault. */
function modelsFinding(): Finding {
  const path = modelsFolder();
  const pulled = countPulledModels();
  return { name: "models", ok: true, version: pulled === 0 ? "none pulled" : `${pulled} pulled`, path };
}

/** npm does not bring back a file that is missing in a package that is there. */
const reinstall = "rm -rf node_modules/onnxruntime-node && npm install --ignore-scripts";

function onnxRuntimeFinding(): Finding {
  const name = "onnxruntime";
  const path = onnxRuntimePath();
  try {
    const runtime = onnxRuntime();
    return { name, ok: true, version: runtime.version, path: runtime.path };
  } catch (error) {
    const mend = process.env.UNREEL_ONNXRUNTIME
      ? `unset UNREEL_ONNXRUNTIME, or set it to a libonnxruntime.so.1 or its folder; then, if it is still missing: ${reinstall}`
      : reinstall;
    return { name, ok: false, path, problem: problemOf(error), mend };
  }
}
