// One video: opened, probed and sampled. The room's front door.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/cancel_token.h"
#include "media/byte_source.h"
#include "media/frame.h"
#include "media/limits.h"
#include "media/sampling.h"

namespace unreel::media {

struct VideoInfo {
  int width = 0;  ///< as shown: after rotation
  int height = 0;
  int rotation = 0;                         ///< degrees clockwise that the display matrix asks for: 0, 90, 180, 270
  std::optional<std::int64_t> duration_us;  ///< as the container says it, else from the frames once they were counted
  std::int64_t start_us = 0;                ///< presentation time of the first frame
  std::int64_t frame_count = 0;             ///< counted, never a header's claim
  std::string codec;                        ///< libav's name: "h264"
  std::string pixel_format;                 ///< libav's name: "yuv420p"
  std::string color_space;                  ///< "bt709", ..., "unspecified"
  std::string color_range;                  ///< "limited", "full", "unspecified"
  std::string container;                    ///< libav's name: "mov,mp4,m4a,3gp,3g2,mj2"
  double sample_aspect_ratio = 1;
  int stream = 0;  ///< index of the chosen stream: libav's best video stream
};

/// Why a stretch of the video was decoded in full although a part of it would have done: see VideoStats.
enum class FallbackReason { packets_changed, frame_missing, frame_damaged, kCount };

/// What the decoder went through; for reports and tests.
struct VideoStats {
  std::int64_t packets = 0;  ///< in the stream, as its index knows them; 0 where the video had to be decoded to count
  std::int64_t packets_read = 0;     ///< by the index and by every sampling
  std::int64_t packets_decoded = 0;  ///< sent to a decoder
  std::int64_t frames_damaged = 0;   ///< wanted frames that libav marked corrupt or concealed: never handed out
  std::int64_t frames_missing = 0;   ///< wanted frames that could not be decoded
  /// Stretches that contradicted the index and were decoded in full, by reason.
  std::array<std::int64_t, static_cast<std::size_t>(FallbackReason::kCount)> fallbacks{};

  /// Adds what was counted between two looks at one video.
  void add_difference(const VideoStats& before, const VideoStats& after);
};

/**
 * One video stream of one input. Not thread-safe: one thread at a time. The source stays open while the object lives.
 */
class Video {
 public:
  /**
   * Opens, probes and indexes the best video stream of the source. Cover pictures are no video unless the file is a
   * still image. A still image is a video of one frame.
   * Throws not_media, no_video, codec_unsupported, truncated (the container's own table names bytes beyond the end),
   * no_frames, limit_exceeded, aborted, io, and what the source throws.
   */
  static std::unique_ptr<Video> open(std::shared_ptr<ByteSource> source, const Limits& limits,
                                     const CancelToken& cancel);
  /// Of the file at `path` (UTF-8). Throws what open_file_source() throws, too.
  static std::unique_ptr<Video> open(const std::string& path, const Limits& limits, const CancelToken& cancel);
  virtual ~Video() = default;

  virtual const VideoInfo& info() const = 0;
  virtual const FrameTimes& times() const = 0;
  virtual const VideoStats& stats() const = 0;

  /// Receives frames in presentation order; returning false ends the run.
  using Sink = std::function<bool(Frame&&)>;

  /**
   * Decodes what the wanted frames depend on and hands them to `sink`, in presentation order, on the calling thread.
   * May be called again. `threads` >= 1 bounds the threads that decode beside it; the frames do not depend on it.
   * `cancel` ends this run, as the token given to open() does. A damaged or missing wanted frame is left out and
   * counted in stats(). Throws no_frames when frames were wanted and not one could be decoded, invalid_argument as
   * wanted_frames() does, aborted, limit_exceeded, io.
   */
  virtual void sample(const SamplePolicy& policy, int threads, const CancelToken& cancel, const Sink& sink) = 0;
};

/// "7.1.5" and the licence line of the libav in this binary.
std::string libav_version();
std::string libav_licence();

}  // namespace unreel::media
