// FFmpeg's encoders, and what of them changes how frames depend on each other.

const optional = (dice, probability, text) => (dice.chance(probability) ? [text] : []);

/** GOP length: from all key frames to one key frame in the whole stream. */
const gop = (dice) => dice.pick([1, 2, 4, 7, 12, 12, 15, 24, 24, 30, 48, 60, 250]);

function h264(dice, shape) {
  const keyint = gop(dice);
  const preset = dice.pick(["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"]);
  const interlaced = dice.chance(0.15);
  const fake = !interlaced && dice.chance(0.05);
  const lossless = !interlaced && dice.chance(0.06);
  const format = dice.weighted({
    yuv420p: 12,
    yuv422p: 1,
    yuv444p: lossless ? 3 : 1,
    yuv420p10le: 2,
    yuv422p10le: 1,
    gray: 0.5,
  });
  const bframes = dice.pick([0, 0, 1, 2, 3, 3, 4, 5, 8]);
  const refresh = dice.chance(0.1);
  const params = [
    `keyint=${keyint}`,
    `min-keyint=${dice.from(1, Math.max(1, Math.floor(keyint / 2)))}`,
    `scenecut=${dice.pick([0, 40, 40])}`,
    `bframes=${bframes}`,
    `b-pyramid=${dice.pick(["none", "strict", "normal", "normal"])}`,
    `b-adapt=${dice.from(0, 2)}`,
    `ref=${dice.from(1, 6)}`,
    `weightp=${dice.from(0, 2)}`,
    `weightb=${dice.from(0, 1)}`,
    `slices=${dice.pick([0, 0, 0, 2, 3])}`,
    `cabac=${dice.from(0, 1)}`,
    `rc-lookahead=${dice.pick([0, 10, 20])}`,
    "threads=1",
    ...optional(dice, 0.3, "open-gop=1"),
    ...(refresh ? ["intra-refresh=1"] : []),
    ...(interlaced ? [dice.pick(["tff=1", "bff=1"])] : fake ? ["fake-interlaced=1"] : []),
    ...optional(dice, 0.1, "constrained-intra=1"),
    ...optional(dice, 0.15, "aud=1"),
    ...optional(dice, 0.05, "bluray-compat=1"),
    ...optional(dice, 0.05, "stitchable=1"),
    ...optional(dice, 0.1, "pic-struct=1"),
  ];
  const tune = dice.weighted({ none: 10, zerolatency: 2, fastdecode: 1, animation: 1 });
  shape.fit(format, interlaced || fake ? 4 : 1);
  return {
    format,
    args: [
      "-c:v libx264",
      `-preset ${preset}`,
      lossless ? "-qp 0" : `-crf ${dice.from(18, 40)}`,
      ...(tune === "none" ? [] : [`-tune ${tune}`]),
      ...(interlaced ? ["-flags +ilme+ildct"] : []),
      `-x264-params ${params.join(":")}`,
    ],
  };
}

function hevc(dice, shape) {
  const keyint = gop(dice);
  const format = dice.weighted({ yuv420p: 10, yuv422p: 1, yuv444p: 1, yuv420p10le: 3, yuv422p10le: 1, gray: 0.5 });
  const open = dice.chance(0.5);
  const fields = dice.chance(0.05);
  const bframes = dice.pick([0, 1, 2, 3, 4, 4, 8]);
  const params = [
    "log-level=error",
    "pools=none",
    "frame-threads=1",
    `keyint=${keyint}`,
    `min-keyint=${dice.from(1, Math.max(1, Math.floor(keyint / 2)))}`,
    `scenecut=${dice.pick([0, 40, 40])}`,
    `bframes=${bframes}`,
    `b-pyramid=${dice.from(0, 1)}`,
    `b-adapt=${dice.from(0, 2)}`,
    `ref=${dice.from(1, 5)}`,
    `rc-lookahead=${dice.pick([10, 15, 20])}`,
    `open-gop=${open ? 1 : 0}`,
    `weightp=${dice.from(0, 1)}`,
    `ctu=${dice.pick([16, 32])}`,
    ...(open ? [] : optional(dice, 0.4, `radl=${dice.from(0, Math.min(3, bframes))}`)),
    ...optional(dice, 0.2, "temporal-layers=1"),
    // libx265 3.5 dies of a division by zero where a refresh has no frames to spread over.
    ...(keyint < 12 ? [] : optional(dice, 0.15, "intra-refresh=1")),
    ...optional(dice, 0.1, "weightb=1"),
    ...optional(dice, 0.15, "aud=1"),
    ...optional(dice, 0.15, "repeat-headers=1"),
    ...optional(dice, 0.1, "wpp=1"),
    ...optional(dice, 0.05, "lossless=1"),
    ...(fields ? ["interlace=tff"] : []),
  ];
  shape.fit(format, fields ? 4 : 1);
  return {
    format,
    args: [
      "-c:v libx265",
      `-preset ${dice.pick(["ultrafast", "ultrafast", "superfast", "veryfast", "medium"])}`,
      `-crf ${dice.from(20, 40)}`,
      ...optional(dice, 0.1, "-tune zerolatency"),
      `-x265-params ${params.join(":")}`,
    ],
  };
}

const layers = {
  2: "ts_number_layers=2:ts_target_bitrate=100,200:ts_rate_decimator=2,1:ts_periodicity=2:ts_layer_id=0,1:ts_layering_mode=2",
  3: "ts_number_layers=3:ts_target_bitrate=100,200,300:ts_rate_decimator=4,2,1:ts_periodicity=4:ts_layer_id=0,2,1,2:ts_layering_mode=3",
};

/** `alternatives` the values of -auto-alt-ref, which need two passes to have an effect. Layers are for 4:2:0 alone: of
 * other formats libvpx makes streams that nobody decodes. */
function vpx(dice, alternatives, format) {
  const layered = dice.chance(0.25) && format.startsWith("yuv420p");
  const twoPasses = !layered && dice.chance(0.4);
  return {
    twoPasses,
    args: [
      `-g ${gop(dice)}`,
      `-deadline ${twoPasses ? "good" : "realtime"}`,
      `-cpu-used ${twoPasses ? 5 : dice.from(7, 8)}`,
      `-b:v ${dice.from(30, 400)}k`,
      // Below, noise in a small picture does not fit into libvpx's own buffer.
      "-qmin 8",
      ...(twoPasses ? [`-auto-alt-ref ${dice.pick(alternatives)}`, `-lag-in-frames ${dice.pick([5, 16, 25])}`] : []),
      ...(layered ? [`-ts-parameters ${layers[dice.pick([2, 3])]}`, "-error-resilient 1", "-lag-in-frames 0"] : []),
      ...(layered ? [] : optional(dice, 0.2, "-error-resilient 1")),
    ],
  };
}

function vp8(dice, shape) {
  const { twoPasses, args } = vpx(dice, [0, 1, 1], "yuv420p");
  shape.fit("yuv420p", 1);
  return {
    format: "yuv420p",
    twoPasses,
    args: ["-c:v libvpx", ...args, ...optional(dice, 0.2, `-slices ${dice.pick([2, 4])}`)],
  };
}

function vp9(dice, shape) {
  const format = dice.weighted({ yuv420p: 10, yuv422p: 1, yuv440p: 0.5, yuv444p: 1, yuv420p10le: 2, gbrp: 0.5 });
  const { twoPasses, args } = vpx(dice, [0, 1, 1, 2, 6], format);
  shape.fit(format, 1);
  return {
    format,
    twoPasses,
    args: [
      "-c:v libvpx-vp9",
      ...args,
      "-row-mt 0",
      ...optional(dice, 0.1, "-frame-parallel 1"),
      ...optional(dice, 0.1, "-lossless 1"),
      ...optional(dice, 0.1, `-aq-mode ${dice.from(1, 3)}`),
    ],
  };
}

function av1(dice, shape) {
  const keyint = gop(dice);
  if (dice.chance(0.65)) {
    const format = dice.weighted({ yuv420p: 4, yuv420p10le: 1 });
    const params = [
      "lp=1",
      `hierarchical-levels=${dice.from(3, 5)}`,
      `irefresh-type=${dice.from(1, 2)}`,
      ...optional(dice, 0.15, "enable-overlays=1"),
      ...optional(dice, 0.1, "film-grain=10"),
      ...optional(dice, 0.2, "enable-tf=0"),
    ];
    shape.fit(format, 2, 64);
    return {
      format,
      args: [
        "-c:v libsvtav1",
        `-preset ${dice.from(10, 12)}`,
        `-crf ${dice.from(25, 55)}`,
        `-g ${keyint}`,
        `-svtav1-params ${params.join(":")}`,
      ],
    };
  }
  const format = dice.weighted({ yuv420p: 4, yuv422p: 0.5, yuv444p: 1, yuv420p10le: 1, gray: 0.5 });
  const realtime = dice.chance(0.5);
  shape.fit(format, 1);
  shape.frames = Math.min(shape.frames, 60);
  const params = realtime ? [] : optional(dice, 0.3, "enable-fwd-kf=1");
  return {
    format,
    args: [
      "-c:v libaom-av1",
      `-usage ${realtime ? "realtime" : "good"}`,
      `-cpu-used ${realtime ? dice.from(7, 8) : 8}`,
      `-g ${keyint}`,
      `-b:v ${dice.from(30, 300)}k`,
      "-row-mt 0",
      "-threads 1",
      ...(realtime ? ["-lag-in-frames 0"] : [`-lag-in-frames ${dice.pick([5, 19, 25])}`]),
      ...optional(dice, 0.2, `-error-resilience ${dice.pick(["default", "1"])}`),
      ...(params.length === 0 ? [] : [`-aom-params ${params.join(":")}`]),
    ],
  };
}

function mpeg2(dice, shape) {
  const interlaced = dice.chance(0.3);
  const format = dice.weighted({ yuv420p: 5, yuv422p: 1 });
  shape.fit(format, interlaced ? 4 : 1);
  shape.standardRate();
  return {
    format,
    args: [
      "-c:v mpeg2video",
      `-g ${Math.min(gop(dice), 60)}`,
      `-bf ${dice.pick([0, 1, 2, 2, 3, 5])}`,
      `-qscale:v ${dice.from(2, 20)}`,
      ...(interlaced ? ["-flags +ilme+ildct", `-top ${dice.from(0, 1)}`, "-alternate_scan 1"] : []),
      ...optional(dice, 0.4, "-flags +cgop -sc_threshold 1000000000"),
      ...optional(dice, 0.2, "-b_strategy 1"),
      ...optional(dice, 0.2, "-slices 2"),
      ...optional(dice, 0.1, "-intra_vlc 1"),
      ...optional(dice, 0.1, "-non_linear_quant 1 -qmax 28"),
    ],
  };
}

function mpeg1(dice, shape) {
  shape.fit("yuv420p", 1);
  shape.standardRate();
  return {
    format: "yuv420p",
    args: [
      "-c:v mpeg1video",
      `-g ${Math.min(gop(dice), 60)}`,
      `-bf ${dice.pick([0, 1, 2, 2, 3])}`,
      `-qscale:v ${dice.from(2, 20)}`,
      ...optional(dice, 0.4, "-flags +cgop -sc_threshold 1000000000"),
    ],
  };
}

function mpeg4(dice, shape) {
  shape.fit("yuv420p", 1);
  const bframes = dice.pick([0, 0, 1, 2, 3]);
  const common = [`-g ${Math.min(gop(dice), 250)}`, `-bf ${bframes}`, `-qscale:v ${dice.from(2, 20)}`];
  if (dice.chance(0.25)) {
    shape.fit("yuv420p", 2);
    return { format: "yuv420p", args: ["-c:v libxvid", ...common, ...optional(dice, 0.3, "-flags +qpel")] };
  }
  return {
    format: "yuv420p",
    args: [
      "-c:v mpeg4",
      ...common,
      ...optional(dice, 0.3, "-flags +qpel"),
      ...optional(dice, 0.3, "-flags +mv4"),
      ...optional(dice, 0.2, "-flags +ilme+ildct"),
      ...optional(dice, 0.2, "-flags +cgop -sc_threshold 1000000000"),
      ...(bframes === 0 ? optional(dice, 0.1, "-data_partitioning 1") : []),
      ...optional(dice, 0.1, "-slices 2"),
    ],
  };
}

/** Codecs of old, each a little. */
function old(dice, shape) {
  const name = dice.pick([
    "msmpeg4",
    "msmpeg4v2",
    "wmv1",
    "wmv2",
    "h263",
    "flv",
    "mjpeg",
    "prores_ks",
    "ffv1",
    "libtheora",
    "huffyuv",
    "utvideo",
    "png",
  ]);
  const format = { mjpeg: "yuvj420p", prores_ks: "yuv422p10le", huffyuv: "yuv422p", png: "rgb24" }[name] ?? "yuv420p";
  shape.fit(format, 1);
  if (["huffyuv", "utvideo", "prores_ks", "libtheora"].includes(name)) shape.fit(format, 4);
  if (name === "h263")
    shape.resize(
      ...dice.pick([
        [128, 96],
        [176, 144],
      ]),
    );
  const inter = !["mjpeg", "prores_ks", "ffv1", "huffyuv", "utvideo", "png"].includes(name);
  return {
    name,
    format,
    args: [
      `-c:v ${name}`,
      ...(inter ? [`-g ${gop(dice)}`] : []),
      ...(name === "ffv1" ? [`-level ${dice.pick([1, 3])} -g ${dice.pick([1, 10])}`] : []),
      ...(inter && name !== "libtheora" ? [`-qscale:v ${dice.from(2, 20)}`] : []),
    ],
  };
}

/** By family; each returns {format, args, twoPasses?, name?} and fits the shape to what the encoder takes. */
export const encoders = { h264, hevc, vp8, vp9, av1, mpeg2, mpeg1, mpeg4, old };
