#include "engine/embedder.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "engine/core_turn.h"
#include "engine/picture.h"
#include "image/preprocessing.h"

namespace unreel::engine {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t microseconds_since(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
}

template <class Part>
std::size_t sum_of(const std::vector<std::shared_ptr<clip::ImageEncoder>>& encoders, Part part) {
  std::size_t sum = 0;
  for (const auto& encoder : encoders) sum += static_cast<std::size_t>(part(encoder->contract()));
  return sum;
}

}  // namespace

/// One video in flight. `mutex` guards what several workers touch: the result, the counters and the error.
struct Embedder::Job {
  EmbedRequest request;
  EmbedDone done;

  std::mutex mutex;
  std::unique_ptr<VideoEmbedding> result = std::make_unique<VideoEmbedding>();
  std::exception_ptr error;
  std::size_t outstanding = 0;  ///< crops that were queued and not yet encoded
  bool decoded = false;
  bool settled = false;
};

/// One frame on its way to the encoders: its pictures for each, one after another.
struct Embedder::Crop {
  std::shared_ptr<Job> job;
  std::size_t row = 0;
  std::vector<std::uint8_t> pixels;
};

Embedder::Embedder(std::vector<std::shared_ptr<clip::ImageEncoder>> encoders, int workers, int batch)
    : encoders_(std::move(encoders)),
      crop_bytes_(sum_of(encoders_, [](const clip::EncoderContract& each) { return each.preprocessing.bytes(); })),
      dimension_(sum_of(encoders_, [](const clip::EncoderContract& each) { return each.dimension; })),
      limit_(static_cast<std::size_t>(std::max(1, workers))) {
  UNREEL_CHECK(!encoders_.empty());
  set_batch(batch);
  try {
    for (std::size_t i = 0; i < limit_; ++i) workers_.emplace_back("unreel-work", [this] { work(); });
  } catch (...) {
    stop();  // those that began wait for work and would be joined for ever
    throw;
  }
}

Embedder::~Embedder() { stop(); }

void Embedder::set_batch(int batch) {
  std::lock_guard lock(mutex_);
  batch_ = static_cast<std::size_t>(std::max(1, batch));
  changed_.notify_all();
}

void Embedder::submit(EmbedRequest request, EmbedDone done) {
  auto job = std::make_shared<Job>();
  job->request = std::move(request);
  job->done = std::move(done);
  {
    std::lock_guard lock(mutex_);
    if (!stopped_) {
      inbox_.push_back(job);
      active_.push_back(job);
      add_worker_if_needed();
      changed_.notify_all();
      return;
    }
  }
  finish_decode(job, std::make_exception_ptr(Error(ErrorCode::disposed, "The encoder was closed.")));
}

void Embedder::stop() {
  // A close and the environment's end may come at once; a thread must not be joined by two.
  std::lock_guard stopping(stop_mutex_);
  std::vector<std::shared_ptr<Job>> unfinished;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& job : active_) job->request.cancel.cancel();
    changed_.notify_all();
    CoreTurn::look_again();
  }
  for (NamedThread& worker : workers_) worker.join();
  {
    std::lock_guard lock(mutex_);
    unfinished.swap(active_);
    inbox_.clear();
    crops_.clear();
  }
  const auto closed = std::make_exception_ptr(Error(ErrorCode::aborted, "The encoder was closed while it worked."));
  for (const auto& job : unfinished) {
    {
      std::lock_guard lock(job->mutex);
      job->outstanding = 0;
    }
    finish_decode(job, closed);
  }
}

void Embedder::stop_with_encoders() {
  for (const auto& encoder : encoders_) encoder->interrupt();
  stop();
}

void Embedder::work() {
  const ObservedThread observed(*this);
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (running_ >= limit_ || (!batch_is_ready() && inbox_.empty())) {
      changed_.wait(lock);
      continue;
    }
    ++running_;
    lock.unlock();
    {
      const CoreTurn turn(stopped_);
      lock.lock();
      work_once(lock);
    }
    --running_;
    changed_.notify_all();
    active_.erase(std::remove_if(active_.begin(), active_.end(),
                                 [](const auto& job) {
                                   std::lock_guard guard(job->mutex);
                                   return job->settled;
                                 }),
                  active_.end());
  }
}

/// A batch is worth encoding when it is full, or when nobody is left who could fill it.
bool Embedder::batch_is_ready() const {
  return crops_.size() >= batch_ || (!crops_.empty() && inbox_.empty() && decoding_ == 0);
}

/// What matters most now: another thread may have done meanwhile what this one came for.
void Embedder::work_once(std::unique_lock<std::mutex>& lock) {
  if (stopped_) return;
  if (batch_is_ready()) {
    encode_next(lock);
  } else if (!inbox_.empty()) {
    decode_next(lock);
  }
}

void Embedder::encode_next(std::unique_lock<std::mutex>& lock) {
  std::vector<Crop> batch = take_batch();
  lock.unlock();
  encode(std::move(batch));
  lock.lock();
}

void Embedder::decode_next(std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<Job> job = std::move(inbox_.front());
  inbox_.pop_front();
  ++decoding_;
  lock.unlock();
  decode(job);
  lock.lock();
  --decoding_;
}

void Embedder::add_worker_if_needed() {
  const bool work = !inbox_.empty() || !crops_.empty();
  if (stopped_ || !work || workers_.size() - outside_ >= limit_) return;
  try {
    workers_.emplace_back("unreel-work", [this] { this->work(); });
  } catch (...) {
    // A worker too few is a wait, not a failure.
  }
}

void Embedder::wait_begins() {
  CoreTurn::pause();
  std::lock_guard lock(mutex_);
  --decoding_;
  --running_;
  ++outside_;
  add_worker_if_needed();
  changed_.notify_all();
}

void Embedder::wait_ends() {
  CoreTurn::resume();
  std::lock_guard lock(mutex_);
  ++decoding_;
  ++running_;
  --outside_;
}

void Embedder::decode(const std::shared_ptr<Job>& job) {
  std::exception_ptr error;
  try {
    const CancelToken& cancel = job->request.cancel;
    cancel.throw_if_cancelled();
    Clock::time_point mark = Clock::now();
    const std::unique_ptr<media::Video> video = media::Video::open(job->request.source(), job->request.limits, cancel);
    std::int64_t decode_us = 0;
    video->sample(job->request.policy, 1, cancel, [&](media::Frame&& frame) {
      decode_us += microseconds_since(mark);
      preprocess(job, frame);
      mark = Clock::now();
      return true;
    });
    std::lock_guard lock(job->mutex);
    job->result->info = video->info();
    job->result->stats = video->stats();
    job->result->timings.decode_us = decode_us + microseconds_since(mark);
  } catch (...) {
    error = std::current_exception();
  }
  finish_decode(job, error);
}

void Embedder::preprocess(const std::shared_ptr<Job>& job, const media::Frame& frame) {
  job->request.cancel.throw_if_cancelled();
  const Clock::time_point begin = Clock::now();
  Crop crop{job, 0, std::vector<std::uint8_t>(crop_bytes_)};
  const image::Picture picture = picture_of(frame);
  std::uint8_t* pixels = crop.pixels.data();
  for (const auto& encoder : encoders_) {
    const image::Preprocessing& preprocessing = encoder->contract().preprocessing;
    image::preprocess(picture, preprocessing, pixels);
    pixels += preprocessing.bytes();
  }
  {
    std::lock_guard lock(job->mutex);
    VideoEmbedding& result = *job->result;
    crop.row = result.frames.size();
    result.frames.push_back(frame.index);
    result.pts_us.push_back(frame.pts_us);
    result.embeddings.resize(result.frames.size() * dimension_);
    result.timings.preprocess_us += microseconds_since(begin);
    ++job->outstanding;
  }
  enqueue(std::move(crop));
}

void Embedder::enqueue(Crop crop) {
  std::vector<Crop> batch;
  {
    std::lock_guard lock(mutex_);
    crops_.push_back(std::move(crop));
    if (crops_.size() >= 2 * batch_) batch = take_batch();
    changed_.notify_all();
  }
  if (!batch.empty()) encode(std::move(batch));
}

std::vector<Embedder::Crop> Embedder::take_batch() {
  std::vector<Crop> batch;
  while (!crops_.empty() && batch.size() < batch_) {
    batch.push_back(std::move(crops_.front()));
    crops_.pop_front();
  }
  return batch;
}

void Embedder::encode(std::vector<Crop> batch) {
  // Each crop is asked once: a signal that fires in between must not lose one.
  const auto kept = std::stable_partition(batch.begin(), batch.end(),
                                          [](const Crop& crop) { return !crop.job->request.cancel.cancelled(); });
  for (auto crop = kept; crop != batch.end(); ++crop) {
    finish_crop(crop->job, std::make_exception_ptr(Error(ErrorCode::aborted, "The operation was aborted.")));
  }
  batch.erase(kept, batch.end());
  if (batch.empty()) return;

  const Clock::time_point begin = Clock::now();
  std::vector<float> embeddings;
  std::exception_ptr error;
  try {
    embeddings = embed(batch);
  } catch (...) {
    error = std::current_exception();
  }
  const std::int64_t share_us = microseconds_since(begin) / static_cast<std::int64_t>(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Job& job = *batch[i].job;
    if (!error) {
      std::lock_guard lock(job.mutex);
      if (job.result) {
        const auto row = embeddings.begin() + i * dimension_;
        std::copy(row, row + dimension_, job.result->embeddings.begin() + batch[i].row * dimension_);
        job.result->timings.encode_us += share_us;
      }
    }
    finish_crop(batch[i].job, error);
  }
}

/// batch.size() x dimension_: what each encoder makes of the batch, side by side.
std::vector<float> Embedder::embed(const std::vector<Crop>& batch) {
  std::vector<float> rows(batch.size() * dimension_);
  std::vector<std::uint8_t> pixels;
  std::vector<float> embeddings;
  std::size_t from = 0;
  std::size_t column = 0;
  for (const auto& encoder : encoders_) {
    const std::size_t bytes = encoder->contract().preprocessing.bytes();
    const auto dimension = static_cast<std::size_t>(encoder->contract().dimension);
    pixels.resize(batch.size() * bytes);
    embeddings.resize(batch.size() * dimension);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::copy_n(batch[i].pixels.begin() + from, bytes, pixels.begin() + i * bytes);
    }
    // A batch belongs to many videos, so no single video's token may end it.
    encoder->encode(pixels.data(), static_cast<int>(batch.size()), embeddings.data(), CancelToken());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::copy_n(embeddings.begin() + i * dimension, dimension, rows.begin() + i * dimension_ + column);
    }
    from += bytes;
    column += dimension;
  }
  return rows;
}

void Embedder::finish_crop(const std::shared_ptr<Job>& job, std::exception_ptr error) {
  {
    std::lock_guard lock(job->mutex);
    if (job->outstanding > 0) --job->outstanding;
    if (error && !job->error) job->error = error;
  }
  settle_if_complete(job);
}

void Embedder::finish_decode(const std::shared_ptr<Job>& job, std::exception_ptr error) {
  {
    std::lock_guard lock(job->mutex);
    job->decoded = true;
    if (error && !job->error) job->error = error;
  }
  settle_if_complete(job);
}

void Embedder::settle_if_complete(const std::shared_ptr<Job>& job) {
  std::unique_ptr<VideoEmbedding> result;
  {
    std::lock_guard lock(job->mutex);
    if (job->settled || !job->decoded || job->outstanding > 0) return;
    job->settled = true;
    if (!job->error) result = std::move(job->result);
  }
  job->done(std::move(result), job->error);
}

}  // namespace unreel::engine
