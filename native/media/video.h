// One video file: opened, probed and sampled. The room's front door.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/cancel_token.h"
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

/// What the decoder went through; for reports and tests.
struct VideoStats {
  std::int64_t packets_read = 0;
  std::int64_t packets_decoded = 0;
  std::int64_t frames_damaged = 0;  ///< frames that libav marked corrupt or concealed: never handed out
  std::int64_t frames_missing = 0;  ///< wanted frames that could not be decoded
};

/**
 * One video stream of one file. Not thread-safe: one thread at a time. The file stays open while the object lives.
 */
class Video {
 public:
  /**
   * Opens, probes and indexes the best video stream of the file at `path` (UTF-8). Cover pictures are no video unless
   * the file is a still image. A still image is a video of one frame.
   * Throws not_found, is_a_directory, not_readable, empty_file, not_media, no_video, codec_unsupported, truncated (the
   * container's own table names bytes beyond the end of the file), no_frames, limit_exceeded, aborted, io.
   */
  static std::unique_ptr<Video> open(const std::string& path, const Limits& limits, const CancelToken& cancel);
  virtual ~Video() = default;

  virtual const VideoInfo& info() const = 0;
  virtual const FrameTimes& times() const = 0;
  virtual const VideoStats& stats() const = 0;

  /// Receives frames in presentation order; returning false ends the run.
  using Sink = std::function<bool(Frame&&)>;

  /**
   * Decodes the wanted frames and hands them to `sink`, in presentation order. May be called again. `cancel` ends this
   * run, as the token given to open() does.
   * A damaged or missing wanted frame is left out and counted in stats(). Throws no_frames when frames were wanted and
   * not one could be decoded, invalid_argument as wanted_frames() does, aborted, limit_exceeded, io.
   */
  virtual void sample(const SamplePolicy& policy, const CancelToken& cancel, const Sink& sink) = 0;
};

/// "7.1.5" and the licence line of the libav in this binary.
std::string libav_version();
std::string libav_licence();

}  // namespace unreel::media
