// The pipeline: videos in, embeddings out. Decode -> preprocess -> encode on the engine's own worker threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/cancel_token.h"
#include "base/outside_wait.h"
#include "base/thread.h"
#include "clip/image_encoder.h"
#include "media/video.h"

namespace unreel::engine {

/// Microseconds of thread time that one video took in each stage.
struct StageTimings {
  std::int64_t decode_us = 0;  ///< waits for a stream or a server are part of it
  std::int64_t preprocess_us = 0;
  std::int64_t encode_us = 0;  ///< its share of the batches that its frames were part of
};

/// The embeddings of one video's frames, in presentation order.
struct VideoEmbedding {
  std::vector<std::int64_t> frames;
  std::vector<std::int64_t> pts_us;
  std::vector<float> embeddings;  ///< frames.size() x dimension: of each encoder, one after another
  media::VideoInfo info;
  media::VideoStats stats;
  StageTimings timings;
};

/// One video to embed.
struct EmbedRequest {
  media::OpenSource source;
  media::SamplePolicy policy = media::SampleAll{};
  media::Limits limits;
  CancelToken cancel;
};

/// Called once per request, on a worker thread: the embedding, or the error that ended the video.
using EmbedDone = std::function<void(std::unique_ptr<VideoEmbedding>, std::exception_ptr)>;

/**
 * A work-conserving pipeline over a fixed set of workers. Each worker takes what matters most now: a full batch to
 * encode, else the next video to decode, else a batch that no more frames can fill. So every core decodes or encodes,
 * never more threads than workers run, nor more of all embedders than there are cores (CoreTurn), and batches mix
 * frames of all videos in flight. With several encoders each frame is decoded once and preprocessed for each of them;
 * a batch of frames goes through one encoder after another.
 *
 * Memory is bounded: at most 2 x batch + workers x batch crops wait; a decoder that finds the queue full encodes a
 * batch itself before it goes on. A worker whose video waits for a stream or a server does not count; another one works
 * meanwhile. Videos are taken in the order of submit(); results come as they finish. submit() and
 * stop() may be called from any thread.
 */
class Embedder final : private WaitObserver {
 public:
  /// workers: threads; with one ORT thread a session no more than these ever run. batch: see set_batch().
  /// encoders: at least one; a frame's row has the embedding of each, in this order.
  Embedder(std::vector<std::shared_ptr<clip::ImageEncoder>> encoders, int workers, int batch);
  ~Embedder();
  Embedder(const Embedder&) = delete;
  Embedder& operator=(const Embedder&) = delete;

  /// Pictures that one encode call takes at most, >= 1. Embeddings do not depend on it. Any thread.
  void set_batch(int batch);

  /// Queues a video. After stop() its `done` is called at once with `disposed`.
  void submit(EmbedRequest request, EmbedDone done);

  /// Cancels everything in flight, calls every outstanding `done` with an error and joins the workers. Idempotent; any
  /// thread but a worker.
  void stop();

  /// stop() that does not wait for the present batch: the encoders are interrupted.
  void stop_with_encoders();

  std::size_t dimension() const { return dimension_; }

 private:
  struct Job;
  struct Crop;

  void work();
  bool batch_is_ready() const;
  void work_once(std::unique_lock<std::mutex>& lock);
  void encode_next(std::unique_lock<std::mutex>& lock);
  void decode_next(std::unique_lock<std::mutex>& lock);
  void add_worker_if_needed();
  void wait_begins() override;
  void wait_ends() override;
  void decode(const std::shared_ptr<Job>& job);
  void preprocess(const std::shared_ptr<Job>& job, const media::Frame& frame);
  void enqueue(Crop crop);
  std::vector<Crop> take_batch();
  void encode(std::vector<Crop> batch);
  std::vector<float> embed(const std::vector<Crop>& batch);
  void finish_decode(const std::shared_ptr<Job>& job, std::exception_ptr error);
  void finish_crop(const std::shared_ptr<Job>& job, std::exception_ptr error);
  static void settle_if_complete(const std::shared_ptr<Job>& job);

  const std::vector<std::shared_ptr<clip::ImageEncoder>> encoders_;
  const std::size_t crop_bytes_;  ///< of all encoders' pictures of one frame
  const std::size_t dimension_;   ///< of all encoders' embeddings
  const std::size_t limit_;

  std::mutex stop_mutex_;  ///< held by the one that joins; taken before mutex_

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> inbox_;
  std::deque<Crop> crops_;
  std::vector<std::shared_ptr<Job>> active_;
  std::size_t batch_ = 1;
  std::size_t decoding_ = 0;  ///< videos that may bring the next crop at any moment
  std::size_t running_ = 0;  ///< workers that decode or encode, at most limit_ but for those that come back from a wait
  std::size_t outside_ = 0;  ///< workers that wait for a stream or a server
  std::atomic<bool> stopped_{false};
  std::vector<NamedThread> workers_;  // last: the threads use every member above
};

}  // namespace unreel::engine
