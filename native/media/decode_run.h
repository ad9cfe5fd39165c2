// One decoder at work: packets in, frames out, damage followed.
#pragma once

#include <functional>

#include "media/av_ptr.h"
#include "media/damage_trail.h"
#include "media/demuxer.h"
#include "media/packet_decoder.h"
#include "media/video.h"

namespace unreel::media {

/**
 * A run of a decoder from a place where decoding may begin to the place where it is drained. Every frame that is to be
 * shown is handed on in the decoder's order, until the sink returns false. Frames that are damaged, by themselves or by
 * what they were predicted from, are handed on too and marked: see is_damaged(). Not thread-safe.
 */
class DecodeRun {
 public:
  /// Takes a frame; false ends the run.
  using Sink = std::function<bool(UniqueAVFrame&&)>;

  /// The decoder is emptied first. Decoder and stats outlive the run.
  DecodeRun(PacketDecoder& decoder, VideoStats& stats, Sink sink);

  /// `role` is what the index knows of the packet, null where there is none. Whether the run goes on. Throws what
  /// PacketDecoder throws.
  bool send(const AVPacket& packet, const PacketRole* role);

  /// No packet follows: the frames that the decoder held back come. Whether the sink took them all.
  bool finish();

 private:
  bool hand_on();

  PacketDecoder& decoder_;
  VideoStats& stats_;
  Sink sink_;
  DamageTrail trail_;
};

/// A run over every packet from the demuxer's place to its end. Throws what Demuxer::read() and PacketDecoder throw.
void decode_all(Demuxer& demuxer, PacketDecoder& decoder, VideoStats& stats, const DecodeRun::Sink& sink);

}  // namespace unreel::media
