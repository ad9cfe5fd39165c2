import { type Command, Option } from "commander";
import { openStore } from "../../features/store.js";
import { exportSvmData } from "../../training/store-export.js";
import { write, writeJsonLine } from "../output.js";

/** `unreel store info`, `unreel store verify` and `unreel store export`. */
export function addStoreCommand(program: Command): void {
  const store = program.command("store").description("look at a feature store");
  store
    .command("info")
    .description("what a store holds")
    .argument("<features>", "the feature store")
    .action(async (features: string) => {
      await write(`${JSON.stringify(await (await openStore(features)).describe(), null, 2)}\n`);
    });
  store
    .command("verify")
    .description("check every committed byte against its hash")
    .argument("<features>", "the feature store")
    .action(async (features: string) => {
      const check = await (await openStore(features)).verify();
      await writeJsonLine({ ok: true, ...check });
    });
  store
    .command("export")
    .description("write labelled rows for other programs")
    .argument("<features>", "the feature store")
    .addOption(new Option("--format <format>", "libsvm: label index:value …").choices(["libsvm"]).makeOptionMandatory())
    .requiredOption("--out <file>", "where to write")
    .action(async (features: string, options: { out: string }) => {
      const summary = await exportSvmData(await openStore(features), options.out);
      await writeJsonLine({ ok: true, out: options.out, ...summary });
    });
}
