import type { Command } from "commander";
import { type ListedModel, listModels } from "../../models/index.js";
import { write } from "../output.js";

/** `unreel models list`: what is registered and what was pulled. */
export function addListCommand(models: Command): void {
  models
    .command("list")
    .description("the models that a registry names and those that were pulled, with size, licence and place")
    .option("--json", "one JSON document")
    .action(async (options: { readonly json?: boolean }) => {
      const listed = await listModels();
      const text = options.json === true ? `${JSON.stringify(listed, null, 2)}\n` : listed.map(entry).join("\n");
      await write(text === "" ? "none\n" : text);
    });
}

function entry({ name, description, registry, source, bytes, sha256, licence, state, file }: ListedModel): string {
  const rows: [string, string][] = [
    ["what", description ?? ""],
    ["state", state === "absent" ? "not pulled" : state],
    ["size", `${(bytes / 1e6).toFixed(1)} MB (${bytes} bytes)`],
    ["licence", licence ?? "not stated"],
    ["source", name === undefined ? "" : source],
    ["sha256", sha256],
    ["file", state === "pulled" ? file : ""],
    ["registry", registry === "user" ? "yours" : ""],
  ];
  const shown = rows.filter(([, value]) => value !== "").map(([label, value]) => `  ${label.padEnd(10)}${value}\n`);
  return `${name ?? source}\n${shown.join("")}`;
}
