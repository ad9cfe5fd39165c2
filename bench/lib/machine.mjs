import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { root } from "../../scripts/lib/root.mjs";
import { output } from "../../scripts/lib/run.mjs";

/** What a result must say of where it was measured. */
export function describeMachine() {
  const info = readFileSync("/proc/cpuinfo", "utf8");
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info)?.[1]?.split(" ") ?? [];
  const known = /^(sse4_2|avx|avx2|fma|avx512f|avx512bw|avx512_vnni|avx_vnni|avx512_bf16|amx_int8|asimd|asimddp|i8mm)$/;
  return {
    cpu: /^model name\s*:\s*(.*)$/m.exec(info)?.[1] ?? process.arch,
    cores: availableParallelism(),
    vectors: flags.filter((flag) => known.test(flag)),
    node: process.versions.node,
    commit: output("git", ["-C", root, "describe", "--always", "--dirty"]) ?? "unknown",
    date: new Date().toISOString().slice(0, 10),
  };
}
