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
    return {
      ptsUs: microseconds(row[2], base),
      size: Number(row[4]),
      key: (flags & 1) !== 0,
      corrupt: (flags & 2) !== 0,
    };
  });
}

const times = (text, pattern) => text.match(pattern)?.length ?? 0;

/**
 * Marks the frames of which a second decode makes something else. libav 5.1 and 7.1 leave the macroblocks of a damaged
 * VP8 frame that they did not reach as the recycled buffer held them, and say nothing; four threads recycle in another
 * order. What is predicted from such a frame is as doubtful, and so is what comes before it since the key frame.
 */
async function markUnstable(frames, packets, decode, folder) {
  const other = decode.replace("-threads 1", "-threads 4").replaceAll("frames.txt", "again.txt");
  await execute("sh", ["-c", other], { cwd: folder, maxBuffer: 1 << 26 }).catch(() => undefined);
  const again = rows(await readFile(join(folder, "again.txt"), "utf8").catch(() => ""));
  const keys = packets.flatMap(({ ptsUs, key }) => (key ? [ptsUs] : []));
  const groupOf = ({ ptsUs }) => keys.filter((key) => key <= ptsUs).length;
  const doubtful = new Set(frames.flatMap((frame, at) => (again[at]?.[5] === frame.md5 ? [] : [groupOf(frame)])));
  for (const frame of frames) if (doubtful.has(groupOf(frame))) frame.unstable = true;
}

/**
 * Decodes `file` in `folder`, `twice` to tell stable frames from others: {frames: [{ptsUs, md5, unstable?}] in FFmpeg's order, packets: [{ptsUs, size, key, corrupt}] in the file's
 * order, corruptFrames, missingReferences: how often FFmpeg says so, gaveUp, ofUnreelsVersion}. FFmpeg's program gives up where VP9's decoder has
 * a frame left after an error. A file of which FFmpeg decodes nothing has no
 * frames.
 */
export async function decodeByFfmpeg(folder, file, stream, { twice }) {
  const [decode, list] = referenceCommands(file, stream);
  const run = (line) => execute("sh", ["-c", line], { cwd: folder, maxBuffer: 1 << 26 });
  // FFmpeg's own failure is an answer too: it brings no frame.
  const log = await run(decode).then(
    ({ stderr }) => stderr,
    (error) => error.stderr ?? "",
  );
  await run(list).catch(() => undefined);
  const read = (name) => readFile(join(folder, name), "utf8").catch(() => "");
  const text = await read("frames.txt");
  const sums = rows(text);
  const shown = timesOf(log);
  if (shown.length !== sums.length)
    throw new Error(`${file}: ${sums.length} frames by framemd5, ${shown.length} by showinfo`);
  const frames = sums.map((row, at) => ({ ptsUs: shown[at], md5: row[5] }));
  const packets = packetsOf(await read("packets.txt"));
  if (twice) await markUnstable(frames, packets, decode, folder);
  return {
    frames,
    packets,
    corruptFrames: times(log, /corrupt decoded frame/g),
    // libavformat 61 is FFmpeg 7.1's, which unreel is built with.
    ofUnreelsVersion: /^#software: Lavf61\./m.test(text),
    gaveUp: /Error while decoding stream.*: Resource temporarily unavailable|decoder: Internal bug/.test(log),
    missingReferences: times(log, /Could not find ref with POC/g),
  };
}
