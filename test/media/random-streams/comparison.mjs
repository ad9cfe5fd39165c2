// unreel's answers beside FFmpeg's full decode.
import { wantedFrames } from "./policies.mjs";

/** Containers whose packets carry the key flags that the policy `keyframes` goes by. */
const flagged = new Set(["mp4", "mov", "3gp", "mkv", "webm", "flv", "ivf"]);

const ascending = (frames) => frames.every(({ ptsUs }, at) => at === 0 || frames[at - 1].ptsUs < ptsUs);

/** Why FFmpeg brings another number of frames than unreel counts; undefined where no reason is known. */
function reasonForCount(recipe, reference, count) {
  if (!recipe.exact) return recipe.treatment;
  if (recipe.family === "hevc" && reference.frames.length < count) {
    // RASL pictures (ITU-T H.265, 8.1.3) behind a CRA that begins the stream, or that follows an end of sequence,
    // cannot be decoded; FFmpeg leaves them out. They stand before the key frame in presentation, after it in the file.
    const shown = new Set(reference.frames.map(({ ptsUs }) => ptsUs));
    let lastKey;
    const leading = reference.packets.every(({ ptsUs, key }) => {
      if (key) lastKey = ptsUs;
      return shown.has(ptsUs) || (lastKey !== undefined && ptsUs < lastKey);
    });
    if (leading) return "leading pictures without their reference (RASL)";
  }
  return undefined;
}

/**
 * Compares the answers of one stream. `answers`: the JSON lines of sample_planes. Returns {differences: [text],
 * notes: {reason: times}, framesCompared, framesLeftOut}.
 */
export function compare(recipe, reference, [info, ...runs]) {
  const result = { differences: [], notes: {}, framesCompared: 0, framesLeftOut: 0 };
  const differ = (text) => result.differences.push(text);
  const note = (reason) => {
    result.notes[reason] = (result.notes[reason] ?? 0) + 1;
  };

  if (info.error !== undefined) {
    if (recipe.exact && reference.frames.length > 0) differ(`open: ${info.error.code}: ${info.error.message}`);
    else note(`not opened: ${info.error.code}`);
    return result;
  }

  const sameCount = reference.frames.length === info.frameCount;
  if (!sameCount) {
    const reason = reasonForCount(recipe, reference, info.frameCount);
    if (reason === undefined)
      differ(
        `${info.frameCount} frames counted, FFmpeg brings ${reference.frames.length} of ${reference.packets.length} packets`,
      );
    note(`other number of frames than FFmpeg's: ${reason ?? "unexplained"}`);
  }
  let frames = reference.frames;
  if (!recipe.timeless && !ascending(frames)) {
    note("FFmpeg's frames do not come in the order of their times");
    if (new Set(frames.map(({ ptsUs }) => ptsUs)).size === frames.length)
      frames = [...frames].sort((a, b) => a.ptsUs - b.ptsUs);
  }
  const byIndex = recipe.exact && sameCount;
  const byTime = new Map();
  for (const { ptsUs, md5 } of frames) byTime.set(ptsUs, [...(byTime.get(ptsUs) ?? []), md5]);

  if (byIndex && !recipe.timeless) {
    const at = frames.findIndex(({ ptsUs }, frame) => ptsUs !== info.ptsUs[frame]);
    if (at >= 0) differ(`frame ${at} is at ${info.ptsUs[at]} us, FFmpeg's at ${frames[at].ptsUs} us`);
  }

  const everything = runs.find(({ policy }) => policy === "all");
  const decodable = new Set(everything?.frames.map(({ frame }) => frame));
  for (const run of runs) {
    const where = (frame) => `${run.policy}: frame ${frame}`;
    if (run.error !== undefined && (recipe.exact || run.error.code !== "ERR_UNREEL_NO_FRAMES")) {
      const outside = !sameCount && run.error.code === "ERR_UNREEL_INVALID_ARGUMENT";
      if (outside) note("asked for a frame that unreel does not count");
      else if (sameCount || run.error.code !== "ERR_UNREEL_NO_FRAMES")
        differ(`${run.policy}: ${run.error.code}: ${run.error.message}`);
      if (outside) continue;
    }

    // What is handed out.
    for (const { frame, ptsUs, md5 } of run.frames) {
      result.framesCompared++;
      if (byIndex) {
        if (frames[frame]?.md5 !== md5) differ(`${where(frame)}: other planes than FFmpeg's`);
        if (!recipe.timeless && frames[frame]?.ptsUs !== ptsUs) differ(`${where(frame)}: at ${ptsUs} us`);
      } else if (recipe.timeless) {
        if (!frames.some((other) => other.md5 === md5)) differ(`${where(frame)}: planes that FFmpeg never shows`);
      } else if (!byTime.get(ptsUs)?.includes(md5)) {
        differ(
          `${where(frame)} at ${ptsUs} us: ${byTime.has(ptsUs) ? "other planes than FFmpeg's" : "FFmpeg has none"}`,
        );
      }
    }
    const numbers = run.frames.map(({ frame }) => frame);
    if (numbers.some((frame, at) => at > 0 && numbers[at - 1] >= frame)) differ(`${run.policy}: frames out of order`);

    // What was wanted.
    const wanted = wantedOf(recipe, reference, info, run, sameCount);
    if (String(wanted) !== String(run.wanted))
      differ(`${run.policy}: wanted ${run.wanted}, by its definition ${wanted}`);
    const given = new Set(numbers);
    for (const frame of wanted) {
      if (given.has(frame)) continue;
      result.framesLeftOut++;
      const has = byIndex || (!recipe.timeless && byTime.has(info.ptsUs[frame]));
      if (recipe.exact && has) differ(`${where(frame)}: wanted, FFmpeg has it, not handed out`);
      else if (decodable.has(frame)) differ(`${where(frame)}: handed out by "all", not by this policy`);
    }
    for (const frame of given) if (!wanted.includes(frame)) differ(`${where(frame)}: handed out, not wanted`);
    const { framesDamaged = 0, framesMissing = 0 } = run.stats;
    if (given.size + framesDamaged + framesMissing !== wanted.length)
      differ(
        `${run.policy}: ${given.size} handed out, ${framesDamaged} damaged and ${framesMissing} missing are not the ${wanted.length} wanted`,
      );
  }
  return result;
}

function wantedOf(recipe, reference, info, run, sameCount) {
  const byDefinition = wantedFrames(run.policy, info.ptsUs);
  if (byDefinition !== undefined) return byDefinition;
  const packets = [...reference.packets].sort((a, b) => a.ptsUs - b.ptsUs);
  const oneToOne = packets.length === info.frameCount && sameCount && ascending(packets);
  if (!recipe.exact || !flagged.has(recipe.container) || !oneToOne) return run.wanted;
  return packets.flatMap(({ key }, frame) => (key ? [frame] : []));
}
