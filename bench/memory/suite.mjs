// What memory sampling takes: of a video of two hours, and of 200 short ones after each other, beside PyAV. Both hold one
// RGB frame at a time; PyAV seeks to each wanted frame, so that both decode about the same.
import { join } from "node:path";
import { cachedFolder, keyOf } from "../../scripts/lib/cache.mjs";
import { ensureVenv } from "../../scripts/lib/python.mjs";
import { root } from "../../scripts/lib/root.mjs";
import { output, run, say } from "../../scripts/lib/run.mjs";
import { ensureBenchTools } from "../../scripts/lib/system.mjs";

const rate = 25;
const keyEvery = 60;
/** Seconds that are encoded; the rest of a clip are copies of their packets. */
const pattern = 12;

/** An x264 clip of so many times the pattern. */
async function clip(size, times) {
  const encode = `-f lavfi -i testsrc2=s=${size}:r=${rate}:d=${pattern} -pix_fmt yuv420p -c:v libx264 -preset veryfast -crf 32 -g ${keyEvery} -sc_threshold 0`;
  const key = keyOf(encode, times, output("ffmpeg", ["-version"])?.split("\n")[0]);
  const folder = await cachedFolder("bench-clips", `memory-${key}`, async (scratch) => {
    say(`making ${times * pattern} s of ${size}`);
    const once = join(scratch, "once.mp4");
    const ffmpeg = (...args) => run("ffmpeg", ["-nostdin", "-v", "error", ...args], { capture: true });
    await ffmpeg(...encode.split(" "), once);
    await ffmpeg("-stream_loop", String(times - 1), "-i", once, "-c", "copy", join(scratch, "clip.mp4"));
  });
  return { path: join(folder, "clip.mp4"), frames: pattern * times * rate };
}

/** The same frames by policy, as PyAV wants them: indices, or null for key frames. */
const policies = [
  {
    name: "count 32",
    options: { count: 32 },
    wanted: (frames) => Array.from({ length: 32 }, (_, k) => Math.floor(((k + 0.5) * frames) / 32)),
  },
  {
    name: "fps 0.1",
    options: { fps: 0.1 },
    wanted: (frames) => Array.from({ length: frames / (10 * rate) }, (_, k) => k * 10 * rate),
  },
  { name: "keyframes", options: { keyframes: true }, wanted: () => null },
];

/** Kilobytes a video by which the process grows: the slope of the least squares over the second half, when heaps have settled. */
function growthKb(rssMbAfter) {
  const values = rssMbAfter.slice(Math.floor(rssMbAfter.length / 2));
  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const middle = (values.length - 1) / 2;
  const level = mean(values);
  const across = values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
  return (1024 * values.reduce((sum, value, i) => sum + (i - middle) * (value - level), 0)) / across;
}

async function measure(contender, source, policy, threads, videos) {
  const { name, options, wanted } = policy;
  const request =
    contender.name === "unreel"
      ? { path: source.path, options: { ...options, threads }, videos }
      : { path: source.path, wanted: wanted(source.frames), threads, videos, keyEvery };
  const { rssMbAfter, ...seen } = JSON.parse(
    await run(
      contender.command,
      [...(videos > 1 ? contender.collecting : []), contender.program, JSON.stringify(request)],
      { cwd: root, capture: true },
    ),
  );
  say(`${contender.name}, ${videos} x ${name}, ${threads} threads: ${seen.seconds.toFixed(0)} s`);
  return {
    contender: contender.name,
    videos,
    policy: name,
    threads,
    frames: seen.frames,
    seconds: seen.seconds,
    packetsDecoded: seen.packetsDecoded ?? "",
    packets: seen.packets ?? "",
    rssStartMb: seen.rssStartMb,
    rssPeakMb: seen.rssPeakMb,
    rssEndMb: rssMbAfter.at(-1),
    growthKb: videos > 1 ? growthKb(rssMbAfter) : "",
  };
}

async function contenders() {
  const ours = {
    name: "unreel",
    command: process.execPath,
    collecting: ["--expose-gc"],
    program: join(root, "bench/memory/unreel.mjs"),
  };
  const python = await ensureVenv("bench");
  if (python === undefined) throw new Error("this suite needs the venv of bench/requirements.txt for its peer");
  const version = output(python, ["-c", "import av; print(av.__version__)"]);
  return [
    ours,
    { name: `PyAV ${version}`, command: python, collecting: [], program: join(root, "bench/memory/pyav.py") },
  ];
}

export async function runSuite() {
  const missing = await ensureBenchTools();
  if (missing.length > 0) throw new Error(`this suite needs ${missing.join(", ")}`);
  const named = await contenders();
  const long = await clip("1920x1080", 600);
  const short = await clip("640x360", 1);
  const rows = [];
  for (const threads of [1, 2])
    for (const policy of policies)
      for (const contender of named) rows.push(await measure(contender, long, policy, threads, 1));
  for (const contender of named) rows.push(await measure(contender, short, policies[0], 2, 200));
  const ratios = {};
  for (let i = 0; i < rows.length; i += 2) {
    const [ours, theirs] = rows.slice(i, i + 2);
    if (ours.frames !== theirs.frames)
      throw new Error(`${ours.policy}: unreel gave ${ours.frames} frames, PyAV ${theirs.frames}`);
    const name = ours.videos > 1 ? `${ours.videos}_videos` : `${ours.policy.replace(/\W+/g, "_")}_${ours.threads}`;
    const peak = ({ rssPeakMb }) => rssPeakMb;
    const above = ({ rssPeakMb, rssStartMb }) => rssPeakMb - rssStartMb;
    ratios[`peak_rss_vs_pyav_${name}`] = peak(theirs) / peak(ours);
    ratios[`peak_rss_above_start_vs_pyav_${name}`] = above(theirs) / above(ours);
  }
  return { rows, ratios };
}
