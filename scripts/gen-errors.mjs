// Writes src/error-codes.ts from native/base/errors.def; `--check` only compares and exits 1 when they differ.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/root.mjs";

const target = join(root, "src/error-codes.ts");
const definition = readFileSync(join(root, "native/base/errors.def"), "utf8");
const entries = [...definition.matchAll(/^UNREEL_ERROR\(\w+, "(\w+)", "(\w+)", (true|false), "([^"]*)"\)$/gm)];

const lines = entries.map(
  ([, code, category, retryable, doc]) =>
    `  /** ${doc} */\n  ${code}: { category: "${category}", retryable: ${retryable} },`,
);
const text = `// Made by scripts/gen-errors.mjs from native/base/errors.def. Codes are public API: append only.

/** Every code that an {@link UnreelError} can carry, with its category and whether the same call may succeed later. */
export const errorCodes = {
${lines.join("\n")}
} as const;

export type ErrorCode = keyof typeof errorCodes;
export type ErrorCategory = (typeof errorCodes)[ErrorCode]["category"];
`;

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    process.stderr.write("src/error-codes.ts is not what errors.def says: run node scripts/gen-errors.mjs\n");
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
