// Frames of one video, decoded on demand on a thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_buffer.h"
#include "base/cancel_token.h"
#include "base/thread.h"
#include "image/picture.h"
#include "media/video.h"

namespace unreel::engine {

/// A frame as pixels: height x width x 3 bytes of RGB, upright.
struct RgbFrame {
  ByteBuffer data;
  int width = 0;
  int height = 0;
  std::int64_t frame = 0;
  std::int64_t pts_us = 0;
  bool key_frame = false;
};

/// What is made of each decoded frame.
struct FrameForm {
  int crop_size = 0;  ///< 0: whole frames; else CLIP's crop of that side
  image::Alpha alpha = image::Alpha::on_black;
};

/// A video that samplings share: they take turns, since media::Video belongs to one thread at a time.
struct SharedVideo {
  media::OpenSource source;
  media::Limits limits;
  std::mutex turn;
  std::unique_ptr<media::Video> video;
  mutable std::mutex stats_mutex;
  media::VideoStats stats;  ///< of ended samplings
};

/**
 * One sampling. The decoder runs at most one frame ahead of the reader. next() and stop() may be called from any
 * thread; one next() at a time.
 */
class FrameStream {
 public:
  /// Called once per next(): a frame, or nothing at the end, or the error that ended the stream.
  using Next = std::function<void(std::optional<RgbFrame>, std::exception_ptr)>;

  /// threads: that decode; 0: as many as CoreLoan finds free.
  FrameStream(std::shared_ptr<SharedVideo> video, media::SamplePolicy policy, int threads, FrameForm form,
              CancelToken cancel);
  ~FrameStream();
  FrameStream(const FrameStream&) = delete;
  FrameStream& operator=(const FrameStream&) = delete;

  void next(Next deliver);

  /// Cancels the decoder, answers a waiting next() and joins the thread. Idempotent.
  void stop();

 private:
  void run();
  void sample(media::Video& video);
  bool emit(RgbFrame frame);
  void end(std::exception_ptr error);
  RgbFrame convert(const media::Frame& frame);

  const std::shared_ptr<SharedVideo> video_;
  const media::SamplePolicy policy_;
  const int threads_;
  const FrameForm form_;
  const CancelToken cancel_;

  std::mutex stop_mutex_;  ///< held by the one that joins; taken before mutex_

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Next> waiting_;
  bool ended_ = false;
  std::exception_ptr error_;
  NamedThread thread_;  // last: it uses every member above
};

}  // namespace unreel::engine
