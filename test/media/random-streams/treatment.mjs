// What is done to a stream on its way into the file: edit lists, cuts, other headers, joins, damage.
import { containers } from "./container.mjs";

const isIso = (name) => ["mp4", "mov"].includes(name);
const hasTimes = (name) => containers[name].timeless !== true;
const joins = { h264: "ts", hevc: "ts", mpeg2: "ts", mpeg1: "ts", vp8: "mkv", vp9: "mkv", av1: "mkv", mpeg4: "mkv" };

/** Each says how often it comes, where it can be used, and what it does. Those that are not `exact` leave frames that
 * no decoder can bring, or bring as they were. */
export const treatments = {
  none: { weight: 32, exact: true, fits: () => true },
  audio: { weight: 10, exact: true, fits: (_family, name) => containers[name].audio !== undefined },
  "start offset": { weight: 6, exact: true, fits: (_family, name) => hasTimes(name) && !["ivf", "avi"].includes(name) },
  "edit list": { weight: 16, exact: true, fits: (_family, name) => isIso(name) },
  "two videos": { weight: 5, exact: true, fits: (_family, name) => ["mp4", "mov", "mkv", "webm", "ts"].includes(name) },
  "in-band headers": { weight: 5, exact: true, fits: (family) => ["h264", "hevc", "mpeg4", "mpeg2"].includes(family) },
  "without SEI": { weight: 4, exact: true, fits: (family) => ["h264", "hevc"].includes(family) },
  "access unit delimiters": { weight: 3, exact: true, fits: (family) => ["h264", "hevc"].includes(family) },
  "superframes split": { weight: 2, exact: true, fits: (family, name) => family === "vp9" && name !== "mp4" },
  joined: { weight: 12, exact: true, fits: (family, name) => family in joins && hasTimes(name) && name !== "avi" },
  "begins within a GOP": {
    weight: 12,
    exact: false,
    fits: (family, name) => ["h264", "hevc", "vp8", "vp9", "av1", "mpeg2", "mpeg4"].includes(family) && name !== "obu",
  },
  "bytes changed": { weight: 5, exact: false, fits: (family) => family !== "old" },
  "packets lost": { weight: 4, exact: false, fits: (family) => family !== "old" },
  truncated: { weight: 2, exact: false, fits: (family, name) => family !== "old" && !isIso(name) },
};

export function treatmentFor(dice, family, container) {
  const fitting = Object.entries(treatments).filter(([, { fits }]) => fits(family, container));
  return dice.weighted(Object.fromEntries(fitting.map(([name, { weight }]) => [name, weight])));
}

const tags = { h264: ["avc1", "avc1", "avc3"], hevc: ["hvc1", "hev1", "hev1"] };
const metadata = { h264: "h264_metadata=aud=insert", hevc: "hevc_metadata=aud=insert" };
const seiUnits = { h264: "filter_units=remove_types=6", hevc: "filter_units=remove_types=39-40" };

/** Of a stream that is copied into the container afterwards. MPEG-4's headers get into MPEG-TS only by its encoder. */
function baseEnding(family, container) {
  if (containers[container].timeless) return containers[container].ending;
  if (family === "mpeg4" && ["ts", "m2ts"].includes(container)) return "ts";
  return isIso(container) || container === "3gp" ? "mp4" : "mkv";
}

/**
 * The commands that bring a treated stream into `file`. `encode(options)` gives the command that encodes the stream:
 * {output, options?, inputs?, other?}, where `other` is a second stream of the same codec.
 */
export function commandsFor(dice, { ffmpeg, family, container, treatment, shape, encode }) {
  const { ending, options, audio } = containers[container];
  const file = `stream.${ending}`;
  const tag = isIso(container) && tags[family] ? ` -tag:v ${dice.pick(tags[family])}` : "";
  const mux = `${options(dice)}${tag}`;
  const seconds = shape.frames / rateOf(shape.rate);
  const base = `base.${baseEnding(family, container)}`;
  const copy = (more, from = base) => `${ffmpeg} -i ${from} -map 0 -c copy ${more} ${mux} ${file}`;
  const viaBase = (more) => [...encode({ output: base }), copy(more)];
  const straight = (more, inputs) => encode({ output: file, options: `${more} ${mux}`, inputs });

  switch (treatment) {
    case "none":
      return straight("");
    case "audio":
      return straight(`-c:a ${audio} -ar ${audio === "libopus" ? 48000 : 44100} -b:a 64k -shortest`, [
        `-f lavfi -i sine=f=${dice.from(200, 900)}:r=48000:d=${seconds.toFixed(2)}`,
      ]);
    case "start offset":
      return straight(`-output_ts_offset ${dice.pick(["0.123", "1", "3.7", "100", "5000.04"])}`);
    case "edit list": {
      const from = (seconds * dice.from(5, 70)) / 100;
      const length = dice.chance(0.3) ? ` -t ${((seconds - from) * 0.7).toFixed(3)}` : "";
      return [
        ...encode({ output: "base.mp4" }),
        `${ffmpeg} -ss ${from.toFixed(3)} -i base.mp4 -map 0${length} -c copy ${mux.replace("-use_editlist 0", "")} ${file}`,
      ];
    }
    case "two videos": {
      const second =
        container === "webm"
          ? "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 50k second.mkv"
          : "-c:v mpeg2video -g 10 second.mkv";
      return [
        ...encode({ output: base }),
        `${ffmpeg} -f lavfi -i testsrc2=s=48x48:r=25 -frames:v ${dice.from(10, 40)} ${second}`,
        `${ffmpeg} -i ${base} -i second.mkv ${dice.pick(["-map 0 -map 1", "-map 1 -map 0"])} -c copy ${options(dice)} ${file}`,
      ];
    }
    case "in-band headers":
      // From MPEG-TS, where H.264's and HEVC's headers are such as can stand in the stream.
      return [
        ...encode({ output: joins[family] === "ts" ? "base.ts" : base }),
        copy(`-bsf:v dump_extra=freq=${dice.pick(["keyframe", "all"])}`, joins[family] === "ts" ? "base.ts" : base),
      ];
    case "without SEI":
      return viaBase(`-bsf:v ${seiUnits[family]}`);
    case "access unit delimiters":
      return viaBase(`-bsf:v ${metadata[family]}`);
    case "superframes split":
      return viaBase("-bsf:v vp9_superframe_split");
    case "joined":
      return joined(dice, { ffmpeg, kind: joins[family], container, mux, file, seconds, encode });
    case "begins within a GOP": {
      const lost = dice.from(1, Math.max(1, Math.floor(shape.frames / 3)));
      if ((container === "ts" || container === "m2ts") && dice.chance(0.5)) {
        const size = container === "ts" ? 188 : 192;
        const skip = `$(( $(stat -c %s whole.${ending}) * ${dice.from(5, 60)} / 100 / ${size} * ${size} + 1 ))`;
        return [...encode({ output: `whole.${ending}`, options: mux }), `tail -c +${skip} whole.${ending} > ${file}`];
      }
      return viaBase(`-copyinkf -bsf:v 'noise=drop=lt(n\\,${lost})'`);
    }
    case "bytes changed": {
      const every = dice.from(5, 40);
      const amount = `if(eq(mod(n\\,${every})\\,${dice.from(0, every - 1)})\\,${dice.from(20, 2000)}\\,0)`;
      return viaBase(`-copyinkf -bsf:v 'noise=amount=${amount}'`);
    }
    case "packets lost": {
      const every = dice.from(6, 40);
      return viaBase(`-copyinkf -bsf:v 'noise=drop=eq(mod(n\\,${every})\\,${dice.from(1, every - 1)})'`);
    }
    case "truncated":
      return [
        ...encode({ output: `whole.${ending}`, options: mux }),
        `head -c $(( $(stat -c %s whole.${ending}) * ${dice.from(20, 95)} / 100 )) whole.${ending} > ${file}`,
      ];
  }
  throw new Error(`no treatment ${treatment}`);
}

/** Two encodes one after the other in one stream: other sizes and parameters in the middle. */
function joined(dice, { ffmpeg, kind, container, mux, file, seconds, encode }) {
  const first = encode({ output: `first.${kind}` });
  if (kind === "ts") {
    const restart = dice.chance(0.15);
    const offset = restart ? "" : `-output_ts_offset ${(seconds + dice.pick([0, 0.5])).toFixed(3)}`;
    const both = [...first, ...encode({ output: "second.ts", options: offset, other: true })];
    if (container === "ts" || container === "m2ts") return [...both, `cat first.ts second.ts > ${file}`];
    return [...both, "cat first.ts second.ts > both.ts", `${ffmpeg} -i both.ts -map 0 -c copy ${mux} ${file}`];
  }
  return [
    ...first,
    ...encode({ output: "second.mkv", other: true }),
    "printf 'file first.mkv\\nfile second.mkv\\n' > list.txt",
    `${ffmpeg} -f concat -i list.txt -map 0 -c copy ${mux} ${file}`,
  ];
}

/** "30000/1001" as a number. */
export function rateOf(rate) {
  const [above, below = 1] = rate.split("/").map(Number);
  return above / below;
}
