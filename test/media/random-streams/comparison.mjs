// unreel's answers beside FFmpeg's full decode.
import { wantedFrames } from "./policies.mjs";

/** Containers whose packets carry the key flags that the policy `keyframes` goes by. */
const flagged = new Set(["mp4", "mov", "3gp", "mkv", "webm", "flv", "ivf"]);

const ascending = (frames) => frames.every(({ ptsUs }, at) => at === 0 || frames[at - 1].ptsUs < ptsUs);

/**
 * FFmpeg's frames in the order of unreel's numbers. Where their times do not ascend there are two honest orders: that of
 * the times, and that in which the decoder brought them, with times pushed on. unreel's own list tells which it took.
 */
function inOrder(frames, ptsUs) {
  const sorted = [...frames].sort((a, b) => a.ptsUs - b.ptsUs);
  return sorted.length !== ptsUs.length || sorted.every((frame, at) => frame.ptsUs === ptsUs[at]) ? sorted : frames;
}

/** Whether a packet's picture stands before a key frame that comes before it in the file: RASL or RADL in HEVC (ITU-T
 * H.265, 3.134 and 8.1.3). Behind a CRA that begins the stream, RASL pictures cannot be decoded. */
function isLeading(packets, ptsUs) {
  const at = packets.findIndex((packet) => packet.ptsUs === ptsUs);
  return packets.slice(0, Math.max(at, 0)).some((packet) => packet.key && packet.ptsUs > ptsUs);
}

/** Containers that do not give every frame a time of its own: unreel and FFmpeg each go by a guess of their own. */
const sparseTimes = new Set(["avi", "mpg"]);

/** An MPEG-4 picture that says "as before" fits into so few bytes (ISO/IEC 14496-2, 6.2.5, vop_coded). */
const notCodedBytes = 16;

/** Compares the answers of one stream. */
class Comparison {
  differences = [];
  /** Times by reason: where FFmpeg and unreel legitimately say different things. */
  notes = {};
  framesCompared = 0;
  framesLeftOut = 0;

  constructor(recipe, reference, info) {
    this.recipe = recipe;
    this.reference = reference;
    this.info = info;
    this.frames = recipe.timeless ? reference.frames : inOrder(reference.frames, info.ptsUs);
    this.sameCount = this.frames.length === info.frameCount;
    this.md5At = new Map();
    for (const { ptsUs, md5 } of this.frames) this.md5At.set(ptsUs, [...(this.md5At.get(ptsUs) ?? []), md5]);
    this.corrupt = new Set(reference.packets.flatMap(({ ptsUs, corrupt }) => (corrupt ? [ptsUs] : [])));
    this.mayBeSwapped = recipe.treatment === "joined" || (recipe.family === "mpeg4" && !ascending(reference.frames));
    // What FFmpeg itself calls damaged may be left out: then, as in a treated stream, only what is handed out counts.
    // libav skips B-frames of MPEG-4 that begins in the middle: it cannot tell their times (mpeg4videodec.c, pp_time).
    this.skipsB = recipe.family === "mpeg4" && recipe.treatment === "edit list" && !this.sameCount;
    this.exact = recipe.exact && reference.corruptFrames === 0 && reference.frames.length > 0 && !this.skipsB;
    this.byIndex = this.exact && this.sameCount;
    // Times are compared as long as FFmpeg's ascend.
    const back = this.frames.findIndex(({ ptsUs }, at) => at > 0 && this.frames[at - 1].ptsUs >= ptsUs);
    this.timesHold = recipe.timeless ? 0 : back < 0 ? this.frames.length : back;
    const packetTimes = new Set(reference.packets.map(({ ptsUs }) => ptsUs));
    /** FFmpeg trusts its own guess more than the container where the times of packets go back and forth. */
    this.guessed =
      !recipe.timeless &&
      (!ascending(reference.frames) ||
        packetTimes.size < reference.packets.length ||
        reference.frames.some(({ ptsUs }) => !packetTimes.has(ptsUs)));
  }

  differ(text) {
    this.differences.push(text);
  }

  note(reason) {
    this.notes[reason] = (this.notes[reason] ?? 0) + 1;
  }

  /** What is known of the whole stream: the number of frames and their times. */
  wholeStream() {
    const { recipe, reference, info } = this;
    if (this.skipsB) this.note("MPEG-4 that begins in the middle: libav skips B-frames whose times it cannot tell");
    else if (recipe.exact && reference.frames.length === 0) this.note("FFmpeg decodes not one frame");
    else if (recipe.exact && !this.exact) this.note(`FFmpeg calls frames corrupt: ${recipe.treatment}`);
    if (!recipe.timeless && !ascending(reference.frames))
      this.note("FFmpeg's frames do not come in the order of their times");
    if (this.byIndex) {
      const at = this.frames.findIndex(({ ptsUs }, frame) => frame < this.timesHold && ptsUs !== info.ptsUs[frame]);
      if (at >= 0 && sparseTimes.has(recipe.container)) {
        this.note("the file has no time for some frame: FFmpeg's guess is another");
        this.timesHold = at;
      } else if (at >= 0 && this.mayBeSwapped) this.timesHold = at;
      else if (at >= 0) this.differ(`frame ${at} is at ${info.ptsUs[at]} us, FFmpeg's at ${this.frames[at].ptsUs} us`);
    }
    if (this.sameCount) return;
    if (!this.exact || recipe.timeless) {
      this.note(`other number of frames than FFmpeg's: ${recipe.treatment}`);
      if (this.exact) this.differ(`${info.frameCount} frames counted, FFmpeg brings ${this.frames.length}`);
      return;
    }
    const counted = new Set(info.ptsUs);
    const notBrought = info.ptsUs.filter((ptsUs) => !this.md5At.has(ptsUs));
    const notCounted = this.frames.filter(({ ptsUs }) => !counted.has(ptsUs));
    for (const reason of new Set(notBrought.map((ptsUs) => this.whyNotBrought(ptsUs)))) this.note(reason);
    for (const reason of new Set(notCounted.map(({ ptsUs }) => this.whyNotCounted(ptsUs)))) this.note(reason);
  }

  /** Why FFmpeg brings no frame of this time although the file has a packet for it. */
  whyNotBrought(ptsUs) {
    const { recipe, reference } = this;
    if (recipe.family === "hevc" && isLeading(reference.packets, ptsUs))
      return "leading pictures without their reference";
    if (recipe.family.startsWith("mpeg") && recipe.treatment === "joined")
      return "the picture that an MPEG decoder holds back is lost where the size changes";
    if (recipe.family === "h264" && recipe.treatment === "edit list")
      return "H.264 that begins behind its IDR picture: what has not recovered is counted, and missing when it is asked for";
    if (recipe.family === "mpeg4" && reference.packets.some(({ size }) => size < notCodedBytes))
      return "MPEG-4 pictures that are not coded: FFmpeg's versions time them in different ways";
    this.differ(`a frame at ${ptsUs} us is counted that FFmpeg does not bring`);
    return "unexplained";
  }

  /** Why FFmpeg shows a frame that unreel does not count. */
  whyNotCounted(ptsUs) {
    const { recipe, info } = this;
    if (recipe.family === "av1" && recipe.treatment === "edit list" && ptsUs < info.ptsUs[0])
      return "FFmpeg 5.1 shows of AV1 what the edit list hides";
    if (recipe.family === "mpeg4" && this.reference.packets.some(({ size }) => size < notCodedBytes))
      return "MPEG-4 pictures that are not coded: FFmpeg's versions time them in different ways";
    this.differ(`FFmpeg brings a frame at ${ptsUs} us that is not counted`);
    return "unexplained";
  }

  handedOut(run) {
    for (const { frame, ptsUs, md5 } of run.frames) {
      this.framesCompared++;
      const wrong = this.byIndex ? this.wrongByIndex(frame, ptsUs, md5) : this.wrongByTime(ptsUs, md5);
      if (wrong === undefined) continue;
      const reason = this.exact ? this.whySwapped(frame, md5) : this.whyDamagedDiffers(frame, ptsUs, md5);
      if (reason !== undefined) this.note(reason);
      else this.differ(`${run.policy}: frame ${frame} at ${ptsUs} us: ${wrong}`);
    }
    const numbers = run.frames.map(({ frame }) => frame);
    if (numbers.some((frame, at) => at > 0 && numbers[at - 1] >= frame)) this.differ(`${run.policy}: out of order`);
  }

  /**
   * The container's times may contradict the decoder's order: at a join, or in MPEG-4 whose B-frames were written without
   * times of their own (libxvid). unreel goes by the former, FFmpeg by the latter. No more frames are swapped than a
   * decoder reorders.
   */
  whySwapped(frame, md5) {
    if (!this.mayBeSwapped) return undefined;
    const near = this.frames.slice(Math.max(0, frame - 16), frame + 17);
    if (!near.some((theirs) => theirs.md5 === md5)) return undefined;
    return `the container's order and the decoder's differ: ${this.recipe.family}, ${this.recipe.treatment}`;
  }

  /** Why a frame of a damaged stream is not FFmpeg's of that time although it was handed out; undefined if unknown. */
  whyDamagedDiffers(frame, ptsUs, md5) {
    const { recipe, reference, info } = this;
    if (this.frames.some((theirs) => theirs.ptsUs === ptsUs && theirs.unstable))
      return "FFmpeg's own decodes of a damaged frame differ from each other";
    if (reference.missingReferences > 0) return "a lost reference is concealed in another way by FFmpeg's version";
    if (this.guessed && this.frames.some((theirs) => theirs.md5 === md5))
      return "FFmpeg gives the frame another time than its packet has";
    if (!reference.ofUnreelsVersion && (recipe.family === "vp8" || recipe.family.startsWith("mpeg")))
      return `undetected damage is concealed in another way by FFmpeg's version: ${recipe.family}`;
    if (recipe.family === "hevc" && (recipe.timeless || this.md5At.has(ptsUs)))
      return "libav does not tell that slices of an HEVC picture are missing: there it shows what its buffer held before";
    if (recipe.family === "h264" && !this.md5At.has(ptsUs) && frame >= info.frameCount - 16)
      return "handed out at the end of H.264: FFmpeg withholds it as not recovered, libav does not mark it when it drains";
    return undefined;
  }

  wrongByIndex(frame, ptsUs, md5) {
    const theirs = this.frames[frame];
    if (theirs?.md5 !== md5) return "other planes than FFmpeg's";
    if (frame < this.timesHold && theirs.ptsUs !== ptsUs) return `FFmpeg's is at ${theirs.ptsUs} us`;
    return undefined;
  }

  wrongByTime(ptsUs, md5) {
    if (this.recipe.timeless)
      return this.frames.some((theirs) => theirs.md5 === md5) ? undefined : "planes that FFmpeg never shows";
    if (this.md5At.get(ptsUs)?.includes(md5)) return undefined;
    if (this.md5At.has(ptsUs)) return "other planes than FFmpeg's";
    if (this.recipe.family.startsWith("mpeg") && this.recipe.treatment === "joined") {
      this.note("the picture that FFmpeg's MPEG decoder loses where the size changes is handed out");
      return undefined;
    }
    return "FFmpeg has none";
  }

  /** Every wanted frame that FFmpeg has is handed out, nothing else is, and what is left out is counted. `decodable`:
   * the frames that a run over all of them brought. */
  wanted(run, decodable) {
    const wanted = this.wantedBy(run);
    if (String(wanted) !== String(run.wanted))
      this.differ(`${run.policy}: wanted ${run.wanted}, by its definition ${wanted}`);
    const given = new Set(run.frames.map(({ frame }) => frame));
    for (const frame of wanted.filter((number) => !given.has(number))) {
      this.framesLeftOut++;
      const ptsUs = this.info.ptsUs[frame];
      if (this.exact && this.corrupt.has(ptsUs)) this.note("left out: its packet is marked as corrupt by the demuxer");
      else if (this.exact && (this.byIndex || (!this.recipe.timeless && this.md5At.has(ptsUs))))
        this.differ(`${run.policy}: frame ${frame} is wanted, FFmpeg has it, and it is not handed out`);
      else if (decodable.has(frame)) this.differ(`${run.policy}: frame ${frame} is handed out by "all", not here`);
    }
    const asked = new Set(wanted);
    for (const frame of given) if (!asked.has(frame)) this.differ(`${run.policy}: frame ${frame} is not wanted`);
    const { framesDamaged, framesMissing } = run.stats;
    if (given.size + framesDamaged + framesMissing !== asked.size)
      this.differ(
        `${run.policy}: ${asked.size} wanted, ${given.size} handed out, ${framesDamaged} damaged, ${framesMissing} missing`,
      );
  }

  wantedBy(run) {
    const byDefinition = wantedFrames(run.policy, this.info.ptsUs);
    if (byDefinition !== undefined) return byDefinition;
    const packets = [...this.reference.packets].sort((a, b) => a.ptsUs - b.ptsUs);
    const oneToOne =
      this.byIndex && !this.mayBeSwapped && packets.length === this.info.frameCount && ascending(packets);
    if (!oneToOne || !flagged.has(this.recipe.container)) return run.wanted;
    return packets.flatMap(({ key }, frame) => (key ? [frame] : []));
  }

  /** Whether the run ended as it may: an error is right where there is nothing to hand out. */
  error(run) {
    if (run.error === undefined) return true;
    const { code, message } = run.error;
    if (code === "ERR_UNREEL_INVALID_ARGUMENT" && !this.sameCount) {
      this.note("asked for a frame that unreel does not count");
      return false;
    }
    if (code !== "ERR_UNREEL_NO_FRAMES") this.differ(`${run.policy}: ${code}: ${message}`);
    return true;
  }
}

/**
 * Compares the answers of one stream. `answers`: the JSON lines of sample_planes. Returns {differences: [text],
 * notes: {reason: times}, framesCompared, framesLeftOut}.
 */
export function compare(recipe, reference, [info, ...runs]) {
  const comparison = new Comparison(recipe, reference, info.error === undefined ? info : { frameCount: 0, ptsUs: [] });
  if (info.error !== undefined) {
    if (comparison.exact) comparison.differ(`open: ${info.error.code}: ${info.error.message}`);
    else comparison.note(`not opened: ${info.error.code}`);
  } else {
    comparison.wholeStream();
    const everything = runs.find(({ policy }) => policy === "all");
    const decodable = new Set(everything?.frames.map(({ frame }) => frame));
    for (const run of runs) {
      if (!comparison.error(run)) continue;
      if (!comparison.exact && reference.gaveUp) {
        comparison.note("FFmpeg's program gives up after an error: not compared");
        continue;
      }
      comparison.handedOut(run);
      comparison.wanted(run, decodable);
    }
  }
  const { differences, notes, framesCompared, framesLeftOut } = comparison;
  return { differences, notes, framesCompared, framesLeftOut };
}
