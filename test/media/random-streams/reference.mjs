// What FFmpeg's own program decodes of a file: every frame, one thread, nothing left out.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The program; UNREEL_REFERENCE_FFMPEG names another one than the system's, such as one of unreel's own version. */
export const referenceProgram = process.env.UNREEL_REFERENCE_FFMPEG ?? "ffmpeg";
const ffmpeg = `${referenceProgram} -hide_banner -nostdin -y -copyts`;

/**
 * The shell lines of the full decode and of the list of packets. The times come from showinfo, as the decoder says
 * them: a muxer would push those that do not ascend. It counts them anew for itself, hence setpts.
 */
export function referenceCommands(file, stream) {
  const decode =
    `${ffmpeg} -v info -threads 1 -noautorotate -i ${file} -map 0:${stream} ` +
    "-vf showinfo=checksum=0,setpts=N -fps_mode passthrough -noautoscale -f framemd5 frames.txt";
  const list = `${ffmpeg} -v quiet -i ${file} -map 0:${stream} -c copy -copyinkf -f framecrc packets.txt`;
  return [decode, list];
}

/** Times `n` / `base`, rounded to the nearest microsecond as libav rounds. */
function microseconds(ticks, [numerator, denominator]) {
  const scaled = BigInt(ticks) * BigInt(numerator) * 1_000_000n;
  const half = BigInt(denominator) / 2n;
  return Number(scaled < 0n ? -((-scaled + half) / BigInt(denominator)) : (scaled + half) / BigInt(denominator));
}

const rows = (text) =>
  text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").map((field) => field.trim()));

/** Times of the frames in showinfo's log; null for a frame without one. */
function timesOf(log) {
  const times = [];
  let base = [1, 1];
  for (const line of log.split(/[\n\r]/)) {
    const config = /showinfo.*config in time_base: (\d+)\/(\d+)/.exec(line);
    if (config !== null) base = config.slice(1).map(Number);
    const frame = /showinfo.* n: *\d+ pts: *(-?\d+|NOPTS)/.exec(line);
    if (frame !== null) times.push(frame[1] === "NOPTS" ? null : microseconds(frame[1], base));
  }
  return times;
}

/** framecrc's lines: times and flags, which it leaves out where they say "key frame" and nothing else. */
function packetsOf(text) {
  const base = (/^#tb 0: (\d+)\/(\d+)/m.exec(text) ?? [0, 1, 1]).slice(1).map(Number);
  return rows(text).map((row) => {
    const flags = Number((row.find((field) => field.startsWith("F=")) ?? "F=1").slice(2));
    return { ptsUs: microseconds(row[2], base), key: (flags & 1) !== 0, corrupt: (flags & 2) !== 0 };
  });
}

const times = (text, pattern) => text.match(pattern)?.length ?? 0;

/** The frames of which a second decode makes something else, when memory holds other rubbish: what libav shows of a
 * damaged stream may depend on it. */
async function markUnstable(frames, decode, folder) {
  const env = { ...process.env, MALLOC_PERTURB_: "165" };
  const other = decode.replaceAll("frames.txt", "again.txt");
  await execute("sh", ["-c", other], { cwd: folder, env, maxBuffer: 1 << 26 }).catch(() => undefined);
  const again = rows(await readFile(join(folder, "again.txt"), "utf8").catch(() => ""));
  for (const [at, frame] of frames.entries()) if (again[at]?.[5] !== frame.md5) frame.unstable = true;
}

/**
 * Decodes `file` in `folder`, twice when it is `damaged`: {frames: [{ptsUs, md5, unstable?}] in FFmpeg's order, packets: [{ptsUs, key, corrupt}] in the file's
 * order, corruptFrames, missingReferences: how often FFmpeg says so, gaveUp}. FFmpeg's program gives up where VP9's decoder has
 * a frame left after an error. A file of which FFmpeg decodes nothing has no
 * frames.
 */
export async function decodeByFfmpeg(folder, file, stream, { damaged }) {
  const [decode, list] = referenceCommands(file, stream);
  const run = (line) => execute("sh", ["-c", line], { cwd: folder, maxBuffer: 1 << 26 });
  // FFmpeg's own failure is an answer too: it brings no frame.
  const log = await run(decode).then(
    ({ stderr }) => stderr,
    (error) => error.stderr ?? "",
  );
  await run(list).catch(() => undefined);
  const read = (name) => readFile(join(folder, name), "utf8").catch(() => "");
  const sums = rows(await read("frames.txt"));
  const shown = timesOf(log);
  if (shown.length !== sums.length)
    throw new Error(`${file}: ${sums.length} frames by framemd5, ${shown.length} by showinfo`);
  const frames = sums.map((row, at) => ({ ptsUs: shown[at], md5: row[5] }));
  if (damaged) await markUnstable(frames, decode, folder);
  return {
    frames,
    packets: packetsOf(await read("packets.txt")),
    corruptFrames: times(log, /corrupt decoded frame/g),
    gaveUp: /Error while decoding stream.*: Resource temporarily unavailable|decoder: Internal bug/.test(log),
    missingReferences: times(log, /Could not find ref with POC/g),
  };
}
