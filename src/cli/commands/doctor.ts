import type { Command } from "commander";
import { type Diagnosis, diagnose } from "../../doctor.js";
import { exitCode } from "../exit.js";
import { write } from "../output.js";

/** `unreel doctor`: what is here, what is missing, how to mend it. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("say what is here, what is missing and how to mend it")
    .option("--json", "one JSON document")
    .action(async (options: { readonly json?: boolean }) => {
      const diagnosis = diagnose();
      await write(options.json === true ? `${JSON.stringify(diagnosis, null, 2)}\n` : report(diagnosis));
      if (!diagnosis.ok) process.exitCode = exitCode.environment;
    });
}

function report(diagnosis: Diagnosis): string {
  const { cpu } = diagnosis;
  const rows: [string, string][] = [
    ["unreel", diagnosis.unreel ?? "?"],
    ["node", `${diagnosis.node} (Node-API ${diagnosis.nodeApi ?? "?"})`],
    ["system", `${diagnosis.platform}, ${diagnosis.libc}, kernel ${diagnosis.kernel}`],
  ];
  if (cpu !== undefined) {
    rows.push(["cpu", `${cpu.model}, ${cpu.cores} cores, ${cpu.vectors.join(" ")}`]);
    rows.push(["kernels", `Highway target ${cpu.target} of ${cpu.targets.join(", ")}`]);
  }
  for (const finding of diagnosis.findings) {
    const state = finding.ok
      ? `${finding.version ?? ""}  ${finding.path ?? ""}`
      : `MISSING  ${finding.problem ?? ""}\n${" ".repeat(14)}mend: ${finding.mend ?? ""}`;
    rows.push([finding.name, state]);
  }
  return rows.map(([name, value]) => `${name.padEnd(14)}${value}\n`).join("");
}
