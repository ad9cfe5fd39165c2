// A process that writes the sample store and kills itself with SIGKILL at its n-th change of the file system, a write
// torn in the middle. Bundled and run by crash.test.ts: killed-writer FOLDER N; without N it lives and prints how many
// changes it made.
import fs, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { writeSample } from "./write-sample.js";

const [folder = "", deadline = ""] = process.argv.slice(2);
let changes = 0;

/** Counts a change; at the fatal one, does the half of it that a crash may leave, and dies. */
async function count(half: () => Promise<unknown>): Promise<void> {
  changes += 1;
  if (String(changes) !== deadline) return;
  await half();
  process.kill(process.pid, "SIGKILL");
}

const nothing = async () => undefined;

const { open, mkdir, rename, link, rm, writeFile } = fs;
Object.assign(fs, {
  open: async (...args: Parameters<typeof open>) => {
    if (args[1] !== "r") await count(nothing);
    return open(...args);
  },
  mkdir: async (...args: Parameters<typeof mkdir>) => {
    await count(nothing);
    return mkdir(...args);
  },
  rename: async (...args: Parameters<typeof rename>) => {
    await count(nothing);
    return rename(...args);
  },
  link: async (...args: Parameters<typeof link>) => {
    await count(nothing);
    return link(...args);
  },
  rm: async (...args: Parameters<typeof rm>) => {
    await count(nothing);
    return rm(...args);
  },
  writeFile: async (...args: Parameters<typeof writeFile>) => {
    await count(nothing);
    return writeFile(...args);
  },
});
syncBuiltinESMExports();

const handle = await open(process.execPath, "r");
const fileHandle: FileHandle = Object.getPrototypeOf(handle);
await handle.close();
const { writeFile: append, sync } = fileHandle;
fileHandle.writeFile = async function (this: FileHandle, data, options) {
  if (!(data instanceof Uint8Array)) throw new TypeError("the store writes bytes");
  await count(() => append.call(this, data.subarray(0, data.length >> 1)));
  return append.call(this, data, options);
};
fileHandle.sync = async function (this: FileHandle) {
  await count(nothing);
  return sync.call(this);
};

await writeSample(folder);
process.stdout.write(String(changes));
