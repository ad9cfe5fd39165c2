#include "media/parallel_stretches.h"

#include <algorithm>
#include <utility>

#include "base/thread.h"

namespace unreel::media {

struct ParallelStretches::Lane {
  VideoStats stats;
  std::optional<Demuxer> demuxer;
  std::optional<PacketCursor> cursor;
  std::optional<StretchDecoder> decoder;
};

/// One call of run(). `mutex` guards what stands below it.
struct ParallelStretches::Job {
  Job(const std::vector<WantedStretch>& all, const std::vector<bool>& sent_packets, std::size_t width, int most_threads,
      std::size_t most_waiting)
      : stretches(all),
        sent(sent_packets),
        lanes(std::min(width, all.size())),
        threads(most_threads),
        room(most_waiting),
        outputs(all.size()) {}

  const std::vector<WantedStretch>& stretches;
  const std::vector<bool>& sent;
  const std::size_t lanes;
  const int threads;
  const std::size_t room;

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Output> outputs;
  std::size_t next = 0;     ///< the stretch that no lane has begun
  std::size_t taken = 0;    ///< the stretch whose frames are taken now
  std::size_t waiting = 0;  ///< frames in all outputs
  bool stopped = false;
  std::exception_ptr error;

  void stop() {
    const std::lock_guard lock(mutex);
    stopped = true;
    changed.notify_all();
  }
};

ParallelStretches::ParallelStretches(std::shared_ptr<ByteSource> source, const FrameIndex& index,
                                     const DecoderSettings& settings, const Interrupt& interrupt, VideoStats& stats)
    : source_(std::move(source)), index_(index), settings_(settings), interrupt_(interrupt), stats_(stats) {}

ParallelStretches::~ParallelStretches() = default;

void ParallelStretches::run(const std::vector<WantedStretch>& stretches, const std::vector<bool>& sent,
                            std::size_t lanes, int threads, std::size_t room, const TakeFrame& take_frame,
                            const TakeEnd& take_end) {
  Job job(stretches, sent, lanes, threads, room);
  while (lanes_.size() < job.lanes) lanes_.push_back(std::make_unique<Lane>());
  {
    std::vector<NamedThread> workers;  // joined at the end of this block, whatever happens in it
    struct Stopper {
      Job& job;
      ~Stopper() { job.stop(); }
    };
    workers.reserve(job.lanes);
    const Stopper stopper{job};  // before the workers are joined
    for (std::size_t i = 0; i < job.lanes; ++i) {
      workers.emplace_back("unreel-stretch", [this, &job, lane = lanes_[i].get()] { work(*lane, job); });
    }
    take(job, take_frame, take_end);
    job.stop();
    for (NamedThread& worker : workers) worker.join();
  }
  for (std::size_t i = 0; i < job.lanes; ++i) {
    stats_.packets_read += std::exchange(lanes_[i]->stats.packets_read, 0);
    stats_.packets_decoded += std::exchange(lanes_[i]->stats.packets_decoded, 0);
  }
  if (job.error) std::rethrow_exception(job.error);
}

void ParallelStretches::work(Lane& lane, Job& job) {
  try {
    for (;;) {
      std::size_t at = 0;
      {
        const std::lock_guard lock(job.mutex);
        if (job.stopped || job.next == job.stretches.size()) return;
        at = job.next++;
      }
      decode(lane, job, at);
      const std::lock_guard lock(job.mutex);
      job.outputs[at].done = true;
      job.changed.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(job.mutex);
    if (!job.error) job.error = std::current_exception();
    job.stopped = true;
    job.changed.notify_all();
  }
}

void ParallelStretches::decode(Lane& lane, Job& job, std::size_t at) {
  if (!lane.decoder) {
    lane.demuxer.emplace(source_, settings_.limits, interrupt_);
    lane.cursor.emplace(*lane.demuxer, index_.packets(), lane.stats);
    lane.decoder.emplace(*lane.demuxer, *lane.cursor, index_, settings_, lane.stats);
  }
  const WantedStretch& wanted = job.stretches[at];
  // The last stretch, begun when others were over already: libav's threads take the cores that they leave.
  const bool is_left_over = at + 1 == job.stretches.size() && at >= job.lanes;
  const int threads = is_left_over ? job.threads : 1;
  const auto never = [](std::int64_t) { return false; };
  const auto trouble = lane.decoder->run(wanted.stretch, job.sent, threads, never, [&](UniqueAVFrame&& frame) {
    std::unique_lock lock(job.mutex);
    if (job.stopped) return false;
    if (!number_of(*frame, wanted.frames)) return true;
    job.changed.wait(lock, [&] { return job.stopped || job.taken == at || job.waiting < job.room; });
    ++job.waiting;
    job.outputs[at].frames.push_back(std::move(frame));
    job.changed.notify_all();
    return !job.stopped;
  });
  const std::lock_guard lock(job.mutex);
  job.outputs[at].trouble = trouble;
}

void ParallelStretches::take(Job& job, const TakeFrame& take_frame, const TakeEnd& take_end) {
  for (std::size_t at = 0; at < job.stretches.size(); ++at) {
    Output& output = job.outputs[at];
    for (;;) {
      UniqueAVFrame frame;
      {
        std::unique_lock lock(job.mutex);
        job.taken = at;
        job.changed.notify_all();
        job.changed.wait(lock, [&] { return job.stopped || output.done || !output.frames.empty(); });
        if (job.stopped) return;
        if (output.frames.empty()) break;
        frame = std::move(output.frames.front());
        output.frames.pop_front();
        --job.waiting;
        job.changed.notify_all();
      }
      if (!take_frame(std::move(frame))) return;
    }
    if (!take_end(at, output.trouble)) return;
  }
}

std::optional<std::int64_t> ParallelStretches::number_of(const AVFrame& frame,
                                                         const std::vector<std::int64_t>& wanted) const {
  const std::optional<std::int64_t> number = index_.find(frame.pts);
  if (!number || !std::binary_search(wanted.begin(), wanted.end(), *number)) return std::nullopt;
  return number;
}

}  // namespace unreel::media
