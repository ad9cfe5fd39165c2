// The files that streams are put into, and the muxers' own variants.

const mp4 = (dice) =>
  dice.pick([
    "",
    "",
    "",
    "-movflags +faststart",
    "-movflags +frag_keyframe+empty_moov",
    "-movflags +frag_keyframe+empty_moov+default_base_moof",
    "-movflags +frag_keyframe+delay_moov",
    "-movflags +frag_every_frame+empty_moov",
    "-movflags +negative_cts_offsets",
    "-use_editlist 0",
    "-video_track_timescale 90000",
  ]);
const matroska = (dice) =>
  dice.pick(["", "", "", "-cluster_time_limit 400", "-cues_to_front 1 -reserve_index_space 2000", "-live 1"]);
const ts = (dice) => dice.pick(["", "", "-muxrate 4M", "-pes_payload_size 500", "-pcr_period 40"]);
const none = () => "";

/** name: {ending, options, audio?, timeless?}. `audio` the encoder of a second stream; `timeless` without any times. */
export const containers = {
  mp4: { ending: "mp4", options: mp4, audio: "aac" },
  mov: { ending: "mov", options: mp4, audio: "aac" },
  mkv: { ending: "mkv", options: matroska, audio: "aac" },
  webm: { ending: "webm", options: matroska, audio: "libopus" },
  ts: { ending: "ts", options: ts, audio: "aac" },
  m2ts: { ending: "m2ts", options: () => "-mpegts_m2ts_mode 1", audio: "aac" },
  avi: { ending: "avi", options: none, audio: "mp2" },
  flv: { ending: "flv", options: none, audio: "aac" },
  mpg: { ending: "mpg", options: (dice) => dice.pick(["-f mpeg", "-f vob", "-f dvd"]), audio: "mp2" },
  asf: { ending: "asf", options: none, audio: "mp2" },
  ogg: { ending: "ogv", options: none },
  "3gp": { ending: "3gp", options: none },
  ivf: { ending: "ivf", options: none },
  obu: { ending: "obu", options: none, timeless: true },
  "raw h264": { ending: "h264", options: none, timeless: true },
  "raw hevc": { ending: "hevc", options: none, timeless: true },
  "raw mpeg2": { ending: "m2v", options: () => "-f mpeg2video", timeless: true },
  "raw mpeg1": { ending: "m1v", options: () => "-f mpeg1video", timeless: true },
  "raw mpeg4": { ending: "m4v", options: none, timeless: true },
  "raw mjpeg": { ending: "mjpeg", options: none, timeless: true },
};

/** By family, or by encoder for the old ones: container to weight. */
const weights = {
  h264: { mp4: 8, mov: 2, mkv: 4, ts: 4, m2ts: 1, avi: 1, flv: 1, "raw h264": 2 },
  hevc: { mp4: 6, mov: 1, mkv: 4, ts: 3, m2ts: 1, "raw hevc": 2 },
  vp8: { webm: 4, mkv: 2, ivf: 2, avi: 1 },
  vp9: { webm: 4, mkv: 2, ivf: 2, mp4: 2 },
  av1: { mp4: 3, webm: 2, mkv: 3, ivf: 2, obu: 1 },
  mpeg2: { ts: 3, mpg: 3, mkv: 2, mp4: 1, avi: 1, m2ts: 1, "raw mpeg2": 1 },
  mpeg1: { mpg: 2, mkv: 2, ts: 1, avi: 1, "raw mpeg1": 1 },
  mpeg4: { avi: 3, mp4: 3, mkv: 2, ts: 1, mov: 1, "raw mpeg4": 1 },
  msmpeg4: { avi: 2, mkv: 1, asf: 2 },
  msmpeg4v2: { avi: 2, mkv: 1, asf: 2 },
  wmv1: { avi: 1, asf: 2, mkv: 1 },
  wmv2: { avi: 1, asf: 2, mkv: 1 },
  h263: { "3gp": 1, mov: 1, avi: 1 },
  flv: { flv: 2, avi: 1 },
  mjpeg: { avi: 1, mov: 1, mkv: 1, "raw mjpeg": 1 },
  prores_ks: { mov: 2, mkv: 1 },
  ffv1: { mkv: 2, avi: 1 },
  libtheora: { ogg: 2, mkv: 1 },
  huffyuv: { avi: 1, mkv: 1 },
  utvideo: { avi: 1, mkv: 1 },
  png: { mov: 1, mkv: 1 },
};

/** The name of a container that takes what the encoder makes. */
export function containerFor(dice, encoder) {
  return dice.weighted(weights[encoder]);
}
