#include "media/frame_index.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "media/decode_run.h"
#include "media/packet_roles.h"
#include "media/shown_packet.h"

extern "C" {
#include <libavutil/mathematics.h>
}

namespace unreel::media {
namespace {

constexpr AVRational kMicroseconds{1, 1'000'000};

/// MPEG-4 writes "the picture did not change" as a packet of a few bytes that brings no frame (vop_coded 0, ISO/IEC
/// 14496-2, 6.2.5). A real picture with a start code, its header and one macroblock row does not fit into so few.
constexpr int kNotCodedVopBytes = 16;

/// Whether the stream's packets are one to one with its frames and carry their own presentation times.
bool has_trustworthy_packets(const Demuxer& demuxer) {
  const AVCodecParameters& parameters = *demuxer.stream().codecpar;
  if ((demuxer.format().iformat->flags & AVFMT_NOTIMESTAMPS) != 0) return false;
  for (const char* container : {"mp4", "matroska", "flv", "gif", "ivf"}) {
    if (demuxer.is_container(container)) return true;
  }
  // Where both fields of a picture may be packets of their own, only a stream known to be progressive is safe.
  if (demuxer.is_container("mpegts")) return parameters.field_order == AV_FIELD_PROGRESSIVE;
  // AVI, ASF and others store decoding order. That is presentation order for codecs that do not reorder.
  const AVCodecDescriptor* codec = avcodec_descriptor_get(parameters.codec_id);
  return codec != nullptr && (codec->props & AV_CODEC_PROP_REORDER) == 0;
}

/// Whether a B picture is always shown before the reference that it follows in decoding order. Where its packet says
/// otherwise, the packets' times were made up by somebody who did not know of B pictures.
bool shows_b_pictures_first(AVCodecID codec) {
  return codec == AV_CODEC_ID_MPEG1VIDEO || codec == AV_CODEC_ID_MPEG2VIDEO || codec == AV_CODEC_ID_MPEG4;
}

PacketEntry entry_of(const AVPacket& packet, PacketRoles& roles) {
  PacketEntry entry;
  static_assert(kNoTime == AV_NOPTS_VALUE);
  entry.pts = packet.pts;
  entry.dts = packet.dts;
  entry.byte = packet.pos;
  entry.size = packet.size;
  entry.key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
  entry.cut = (packet.flags & AV_PKT_FLAG_CORRUPT) != 0;
  entry.role = roles.next(packet.data, static_cast<std::size_t>(packet.size), entry.key);
  return entry;
}

/// Whether the packet brings settings that hold for those after it, which a decoder that begins later would lack.
bool changes_decoder(const AVPacket& packet) {
  for (const AVPacketSideDataType type : {AV_PKT_DATA_NEW_EXTRADATA, AV_PKT_DATA_PARAM_CHANGE, AV_PKT_DATA_PALETTE}) {
    if (av_packet_get_side_data(&packet, type, nullptr) != nullptr) return true;
  }
  return false;
}

std::int64_t memory_of(std::size_t packets, std::size_t frames) {
  constexpr std::size_t kFrame = sizeof(FrameIndex::Entry) + sizeof(std::int64_t);
  return static_cast<std::int64_t>(packets * sizeof(PacketEntry) + frames * kFrame);
}

/// How long a frame lasts where nobody says so: by the stream's frame rate, 25 a second in the end, as libav assumes
/// too.
std::int64_t usual_duration(const AVStream& stream) {
  AVRational rate = stream.avg_frame_rate;
  if (rate.num <= 0 || rate.den <= 0) rate = stream.r_frame_rate;
  if (rate.num <= 0 || rate.den <= 0) rate = {25, 1};
  return std::max<std::int64_t>(1, av_rescale_q(1, av_inv_q(rate), stream.time_base));
}

}  // namespace

FrameIndex::FrameIndex(Source source, std::vector<Entry> entries, AVRational time_base, std::int64_t last_duration)
    : source_(source), entries_(std::move(entries)) {
  times_.pts_us.reserve(entries_.size());
  times_.key.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    times_.pts_us.push_back(av_rescale_q(entry.pts, time_base, kMicroseconds));
    times_.key.push_back(entry.key);
  }
  if (entries_.empty()) return;
  const std::size_t last = entries_.size() - 1;
  std::int64_t last_us = av_rescale_q(last_duration, time_base, kMicroseconds);
  if (last_duration <= 0) last_us = last == 0 ? 0 : times_.pts_us[last] - times_.pts_us[last - 1];
  duration_us_ = times_.pts_us[last] - times_.pts_us[0] + last_us;
}

FrameIndex FrameIndex::read(Demuxer& demuxer, const Limits& limits, VideoStats& stats) {
  const bool has_times = has_trustworthy_packets(demuxer);
  int depth = 0;
  // H.264's decoder has to know its depth also where the times of packets are good for nothing else.
  if (has_times || demuxer.codec().id == AV_CODEC_ID_H264) {
    PacketScan scan = scan_packets(demuxer, limits, stats);
    if (has_times && scan.is_one_to_one) return from_packets(std::move(scan), demuxer.stream().time_base, stats);
    depth = media::reorder_depth(scan.packets);
    demuxer.rewind();
  }
  FrameIndex index = from_decoding(demuxer, limits, depth, stats);
  index.reorder_depth_ = depth;
  return index;
}

FrameIndex::PacketScan FrameIndex::scan_packets(Demuxer& demuxer, const Limits& limits, VideoStats& stats) {
  const AVCodecID codec = demuxer.stream().codecpar->codec_id;
  const std::unique_ptr<PacketRoles> roles = PacketRoles::of(*demuxer.stream().codecpar);
  PacketScan scan;
  bool is_uniform = true;
  std::int64_t last_pts = kNoTime;
  std::int64_t reference_pts = INT64_MAX;  // of the reference before, in decoding order
  const UniqueAVPacket packet = make_packet();
  while (demuxer.read(*packet)) {
    ++stats.packets_read;
    check_limit("maxIndexEntries", static_cast<std::int64_t>(scan.packets.size()) + 1, limits.max_index_entries);
    check_limit("maxMemoryBytes", memory_of(scan.packets.size(), scan.frames.size()), limits.max_memory_bytes);
    is_uniform &= !changes_decoder(*packet);
    scan.packets.push_back(entry_of(*packet, *roles));
    scan.packets.back().shown = is_shown(*packet, codec);
    if (!scan.packets.back().shown) continue;
    if (packet->pts == AV_NOPTS_VALUE) return scan;
    if (codec == AV_CODEC_ID_MPEG4 && packet->size < kNotCodedVopBytes) return scan;
    if (shows_b_pictures_first(codec)) {
      const bool is_b = scan.packets.back().role.droppable;
      if (is_b && packet->pts > reference_pts) return scan;
      if (!is_b) reference_pts = packet->pts;
    }
    check_limit("maxFrames", static_cast<std::int64_t>(scan.frames.size()) + 1, limits.max_frames);
    if (packet->pts > last_pts) {
      last_pts = packet->pts;
      scan.last_duration = packet->duration;
    }
    scan.frames.push_back({packet->pts, scan.packets.back().key, static_cast<std::int64_t>(scan.packets.size()) - 1});
  }
  std::sort(scan.frames.begin(), scan.frames.end(), [](const Entry& x, const Entry& y) { return x.pts < y.pts; });
  const auto same = std::adjacent_find(scan.frames.begin(), scan.frames.end(),
                                       [](const Entry& x, const Entry& y) { return x.pts == y.pts; });
  scan.is_one_to_one = same == scan.frames.end();
  if (!is_uniform) {
    for (PacketEntry& each : scan.packets) each.role = PacketRole{};
  }
  return scan;
}

FrameIndex FrameIndex::from_packets(PacketScan scan, AVRational time_base, VideoStats& stats) {
  settle_losses(scan.packets);
  settle_layers(scan.packets);
  stats.packets = static_cast<std::int64_t>(scan.packets.size());
  FrameIndex index(Source::packets, std::move(scan.frames), time_base, scan.last_duration);
  index.reorder_depth_ = media::reorder_depth(scan.packets);
  index.packets_ = std::move(scan.packets);
  return index;
}

FrameIndex FrameIndex::from_decoding(Demuxer& demuxer, const Limits& limits, int depth, VideoStats& stats) {
  PacketDecoder decoder(demuxer.stream(), demuxer.codec(), {limits, 1, depth});
  const std::int64_t usual = usual_duration(demuxer.stream());
  std::vector<Entry> entries;
  std::int64_t last_duration = 0;
  decode_all(demuxer, decoder, stats, [&](UniqueAVFrame&& frame) {
    check_limit("maxFrames", static_cast<std::int64_t>(entries.size()) + 1, limits.max_frames);
    check_limit("maxMemoryBytes", memory_of(0, entries.size()), limits.max_memory_bytes);
    std::int64_t pts = frame->best_effort_timestamp;
    // Times ascend: a frame without a time, or with one that is not after its predecessor's, follows at the usual pace.
    if (entries.empty()) {
      if (pts == AV_NOPTS_VALUE) pts = 0;
    } else if (pts == AV_NOPTS_VALUE || pts <= entries.back().pts) {
      pts = entries.back().pts + usual;
    }
    entries.push_back({pts, (frame->flags & AV_FRAME_FLAG_KEY) != 0, -1});
    last_duration = frame->duration;
    return true;
  });
  return FrameIndex(Source::decoding, std::move(entries), demuxer.stream().time_base, last_duration);
}

std::optional<std::int64_t> FrameIndex::find(std::int64_t pts) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), pts,
                                      [](const Entry& entry, std::int64_t value) { return entry.pts < value; });
  if (found == entries_.end() || found->pts != pts) return std::nullopt;
  return found - entries_.begin();
}

bool FrameIndex::is_spoiled(std::int64_t frame) const {
  const std::int64_t packet = at(frame).packet;
  return packet >= 0 && packets_[static_cast<std::size_t>(packet)].spoiled;
}

}  // namespace unreel::media
