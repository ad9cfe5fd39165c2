import type { Command } from "commander";
import { openStore } from "../../features/store.js";
import { write, writeJsonLine } from "../output.js";

/** `unreel store info` and `unreel store verify`. */
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
}
