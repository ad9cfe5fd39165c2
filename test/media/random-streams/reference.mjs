// What FFmpeg's own program decodes of a file: every frame, one thread, nothing left out.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The shell line of the full decode; its second output lists the packets. */
export function referenceCommand(file, stream) {
  return (
    `ffmpeg -hide_banner -v warning -nostdin -y -threads 1 -copyts -noautorotate -i ${file} ` +
    `-map 0:${stream} -fps_mode passthrough -enc_time_base -1 -autoscale 0 -f framemd5 frames.txt ` +
    `-map 0:${stream} -c copy -copyinkf -f framecrc packets.txt`
  );
}

/** Times `n` / `base`, rounded to the nearest microsecond as libav rounds. */
function microseconds(ticks, [numerator, denominator]) {
  const scaled = BigInt(ticks) * BigInt(numerator) * 1_000_000n;
  const half = BigInt(denominator) / 2n;
  return Number(scaled < 0n ? -((-scaled + half) / BigInt(denominator)) : (scaled + half) / BigInt(denominator));
}

function rows(text) {
  const base = (/^#tb 0: (\d+)\/(\d+)/m.exec(text) ?? [0, 1, 1]).slice(1).map(Number);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return { base, fields: lines.map((line) => line.split(",").map((field) => field.trim())) };
}

/**
 * Decodes `file` in `folder`: {frames: [{ptsUs, md5}] in FFmpeg's order, packets: [{ptsUs, key}] in the file's order,
 * warnings}. Nothing where FFmpeg brings no frame is an error.
 */
export async function decodeByFfmpeg(folder, file, stream) {
  let warnings = "";
  try {
    warnings = (await execute("sh", ["-c", referenceCommand(file, stream)], { cwd: folder, maxBuffer: 1 << 26 }))
      .stderr;
  } catch (error) {
    warnings = error.stderr ?? String(error);
  }
  const read = (name) => readFile(join(folder, name), "utf8").catch(() => "");
  const decoded = rows(await read("frames.txt"));
  const listed = rows(await read("packets.txt"));
  return {
    frames: decoded.fields.map((row) => ({ ptsUs: microseconds(row[2], decoded.base), md5: row[5] })),
    // framecrc leaves the flags out where a packet is a key frame and nothing else.
    packets: listed.fields.map((row) => ({
      ptsUs: microseconds(row[2], listed.base),
      key: !row.some((field) => /^F=0x[0-9A-F]*[02468ACE]$/.test(field)),
    })),
    warnings,
  };
}
