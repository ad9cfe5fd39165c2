// Keeps the bytes of an endless stream in the temporary folder and says so once it does; killed from outside.
// Usage: spooling.mjs CLIP
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { openVideo } from "../../dist/index.js";

const [clip] = process.argv.slice(2);

function spools() {
  return readdirSync("/proc/self/fd").some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(tmpdir());
    } catch {
      return false;
    }
  });
}

/** The beginning of an MP4 whose frames never end. */
async function* endless() {
  const file = readFileSync(clip);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(1, 0);
  head.write("mdat", 4, "latin1");
  head.writeBigUInt64BE(1n << 62n, 8);
  yield Buffer.concat([file.subarray(0, file.readUInt32BE(0)), head]);
  for (let said = false; ; ) {
    yield new Uint8Array(1 << 20);
    if (said || !spools()) continue;
    said = true;
    console.log("spooling");
  }
}

await openVideo(endless());
