// How many frames of a clip no other frame refers to: the ceiling of what an exact sampler can leave undecoded.
import { spawnSync } from "node:child_process";

/** Whether anything may refer to a frame of the packet, by the packet's headers as FFmpeg's trace_headers prints them. */
function isReference(headers) {
  // VP9 and AV1 write no refresh flags into key frames, which refresh all.
  if (/^\d+ bytes, key frame/.test(headers)) return true;
  const values = (field) =>
    [...headers.matchAll(new RegExp(`${field}\\s+[01]+ = (\\d+)`, "g"))].map((match) => Number(match[1]));
  // H.264: zero for a slice that is not referred to.
  if (values("nal_ref_idc").length > 0) return values("nal_ref_idc").some((idc) => idc > 0);
  // H.265: slices that are not referred to have the even types below 16; 32 and above are no slices.
  if (values("nuh_temporal_id_plus1").length > 0)
    return values("nal_unit_type").some((type) => type < 32 && (type >= 16 || type % 2 === 1));
  // VP9 and AV1: no reference is replaced. A packet that shows an earlier frame again has no such field.
  return values("refresh_frame_flags").some((flags) => flags > 0);
}

/** The share, 0 to 1, of packets that hold only such frames. */
export function nonReferenceShare(path) {
  const args = ["-nostdin", "-nostats", "-i", path, "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"];
  const { status, stderr } = spawnSync("ffmpeg", args, { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`ffmpeg cannot read the headers of ${path}: ${stderr.slice(-2000)}`);
  const packets = stderr.split(" Packet: ").slice(1);
  return packets.filter((headers) => !isReference(headers)).length / packets.length;
}
