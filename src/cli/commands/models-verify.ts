import type { Command } from "commander";
import { type VerifiedModel, verifyModels } from "../../models/index.js";
import { exitCode } from "../exit.js";
import { interruptible } from "../interrupt.js";
import { say, write } from "../output.js";

/** `unreel models verify`: the bytes of model files against what they must be. */
export function addVerifyCommand(models: Command): void {
  models
    .command("verify")
    .description(
      "hash model files again: those that are named, or all that were pulled; exit code 1 unless all are right",
    )
    .argument("[models...]", "registered names, hf: sources or files")
    .option("--json", "one JSON document")
    .action((names: string[], options: { readonly json?: boolean }) =>
      interruptible((signal) => verify(names, options.json === true, signal)),
    );
}

async function verify(names: string[], json: boolean, signal: AbortSignal): Promise<void> {
  const verified = await verifyModels(names.length > 0 ? names : undefined, { signal });
  if (json) await write(`${JSON.stringify(verified, null, 2)}\n`);
  else for (const each of verified) await write(line(each));
  if (verified.length === 0) say("No model was pulled yet.");
  // What cannot be judged was not verified.
  if (verified.some(({ state }) => state !== "ok")) process.exitCode = exitCode.failed;
}

function line({ model, state, note, sha256 }: VerifiedModel): string {
  return `${state.padEnd(8)}${model}${note === undefined ? "" : `: ${note}`}${state === "unknown" ? ` (${sha256})` : ""}\n`;
}
