#include "engine/frame_stream.h"

#include <utility>

#include "engine/core_loan.h"
#include "engine/picture.h"
#include "image/color.h"
#include "image/preprocessing.h"

namespace unreel::engine {

FrameStream::FrameStream(std::shared_ptr<SharedVideo> video, media::SamplePolicy policy, int threads, FrameForm form,
                         CancelToken cancel)
    : video_(std::move(video)),
      policy_(std::move(policy)),
      threads_(threads),
      form_(form),
      cancel_(std::move(cancel)),
      thread_("unreel-frames", [this] { run(); }) {}

FrameStream::~FrameStream() { stop(); }

void FrameStream::next(Next deliver) {
  std::exception_ptr error;
  {
    std::lock_guard lock(mutex_);
    if (!ended_) {
      waiting_ = std::move(deliver);
      changed_.notify_all();
      return;
    }
    error = std::exchange(error_, nullptr);
  }
  deliver(std::nullopt, error);
}

void FrameStream::stop() {
  // A close and the environment's end may come at once; a thread must not be joined by two.
  std::lock_guard stopping(stop_mutex_);
  {
    std::lock_guard lock(mutex_);
    cancel_.cancel();
    changed_.notify_all();
  }
  thread_.join();
}

void FrameStream::run() {
  std::exception_ptr error;
  try {
    // A second sampling of the same video at the same time opens the file again rather than wait for the first.
    std::unique_lock turn(video_->turn, std::try_to_lock);
    if (turn.owns_lock() && video_->video) {
      sample(*video_->video);
    } else {
      if (turn.owns_lock()) turn.unlock();
      sample(*media::Video::open(video_->source(), video_->limits, cancel_));
    }
  } catch (...) {
    error = std::current_exception();
  }
  end(error);
}

void FrameStream::sample(media::Video& video) {
  const media::VideoStats before = video.stats();
  const auto account = [&] {
    std::lock_guard lock(video_->stats_mutex);
    video_->stats.add_difference(before, video.stats());
  };
  try {
    const CoreLoan loan(threads_);
    video.sample(policy_, loan.threads(), cancel_, [&](media::Frame&& frame) {
      cancel_.throw_if_cancelled();
      return emit(convert(frame));
    });
  } catch (...) {
    account();
    throw;
  }
  account();
}

RgbFrame FrameStream::convert(const media::Frame& frame) {
  image::Picture picture = picture_of(frame);
  picture.alpha = form_.alpha;
  RgbFrame out;
  out.width = picture.shown_width();
  out.height = picture.shown_height();
  out.frame = frame.index;
  out.pts_us = frame.pts_us;
  out.key_frame = frame.key_frame;
  if (form_.crop_size == 0) {
    out.data = ByteBuffer(static_cast<std::size_t>(out.width) * out.height * 3);
    image::to_rgb(picture, out.data.data());
    return out;
  }
  image::Preprocessing clip;
  clip.size = form_.crop_size;
  out.data = ByteBuffer(clip.bytes());
  image::preprocess(picture, clip, out.data.data());
  out.width = form_.crop_size;
  out.height = form_.crop_size;
  return out;
}

bool FrameStream::emit(RgbFrame frame) {
  Next deliver;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.has_value() || cancel_.cancelled(); });
    cancel_.throw_if_cancelled();
    deliver = std::move(*waiting_);
    waiting_.reset();
  }
  deliver(std::move(frame), nullptr);
  return true;
}

void FrameStream::end(std::exception_ptr error) {
  std::optional<Next> deliver;
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    deliver = std::exchange(waiting_, std::nullopt);
    if (!deliver) error_ = error;
  }
  if (deliver) (*deliver)(std::nullopt, error);
}

}  // namespace unreel::engine
